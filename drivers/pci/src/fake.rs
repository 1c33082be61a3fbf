// SPDX-License-Identifier: BSD-2-Clause
//! Configuration space without hardware, for tests: each bit is read-only, writable, or cleared
//! by writing one, and all writes are remembered in order.

use core::cell::Cell;

use mmio::ABSENT32;

use crate::config::exists;
use crate::{Bdf, PciConfig};

const WORDS: usize = 1024;

/// One function.
#[derive(Clone, Debug)]
pub struct FakeFunction {
    value: [u32; WORDS],
    writable: [u32; WORDS],
    clear_by_one: [u32; WORDS],
}

impl FakeFunction {
    /// An endpoint that has a command register and nothing else.
    pub fn endpoint(vendor: u16, device: u16) -> Self {
        let mut function = Self {
            value: [0; WORDS],
            writable: [0; WORDS],
            clear_by_one: [0; WORDS],
        };
        function.set(0, u32::from(device) << 16 | u32::from(vendor));
        function.writable(4, 0x0000_0407);
        function
    }

    /// What a virtual function shows: no ids, and the bus master and memory bits.
    pub fn virtual_function() -> Self {
        let mut function = Self::endpoint(0xffff, 0xffff);
        function.writable(4, 0x0000_0006);
        function
    }

    /// Gives the double word at `offset` a value, as the hardware would show it.
    ///
    /// # Panics
    ///
    /// If `offset` is not below 4096 (as all functions of this type).
    pub fn set(&mut self, offset: u16, value: u32) {
        self.value[usize::from(offset / 4)] = value;
    }

    /// Makes these bits writable, and only these.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub fn writable(&mut self, offset: u16, bits: u32) {
        self.writable[usize::from(offset / 4)] = bits;
    }

    /// Makes these bits such that writing one clears them.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub fn clear_by_one(&mut self, offset: u16, bits: u32) {
        self.clear_by_one[usize::from(offset / 4)] = bits;
    }

    /// A memory BAR at `offset` with these low bits (type and prefetchable); a 64-bit one takes
    /// the next double word too. `size` is a power of two.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub fn bar(&mut self, offset: u16, size: u64, low_bits: u32) {
        let mask = !(size - 1);
        self.set(offset, low_bits);
        self.writable(offset, mask as u32 & !0xf);
        if low_bits & 6 == 4 {
            self.writable(offset + 4, (mask >> 32) as u32);
        }
    }

    /// The first double word of a capability; the list starts with the first one that is added.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub fn capability(&mut self, offset: u8, id: u8, next: u8, high: u16) {
        self.value[1] |= 1 << 20;
        let word = u32::from(high) << 16 | u32::from(next) << 8 | u32::from(id);
        self.set(offset.into(), word);
        if self.value[13] == 0 {
            self.set(0x34, offset.into());
        }
    }

    /// The header of an extended capability.
    ///
    /// # Panics
    ///
    /// As [`set`](Self::set).
    pub fn extended(&mut self, offset: u16, id: u16, next: u16) {
        self.set(offset, u32::from(next) << 20 | 1 << 16 | u32::from(id));
    }

    fn write(&mut self, offset: u16, value: u32) {
        let index = usize::from(offset / 4);
        let (writable, clear) = (self.writable[index], self.clear_by_one[index]);
        let old = self.value[index];
        let cleared = old & !(value & clear);
        self.value[index] = (cleared & !writable) | (value & writable);
    }
}

/// One write to configuration space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigWrite {
    /// The function.
    pub function: Bdf,
    /// The byte offset.
    pub offset: u16,
    /// The double word.
    pub value: u32,
}

/// Up to `FUNCTIONS` functions and a log of the last writes.
#[derive(Debug)]
pub struct FakeConfig<const FUNCTIONS: usize> {
    functions: [Option<(Bdf, FakeFunction)>; FUNCTIONS],
    log: heapless::Vec<ConfigWrite, 256>,
    reads: Cell<usize>,
}

impl<const FUNCTIONS: usize> Default for FakeConfig<FUNCTIONS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const FUNCTIONS: usize> FakeConfig<FUNCTIONS> {
    /// No functions.
    pub fn new() -> Self {
        Self {
            functions: [const { None }; FUNCTIONS],
            log: heapless::Vec::new(),
            reads: Cell::new(0),
        }
    }

    /// Adds a function, or replaces the one that is there.
    ///
    /// # Panics
    ///
    /// If there is no room for another.
    pub fn add(&mut self, at: Bdf, function: FakeFunction) {
        self.remove(at);
        let slot = self.functions.iter_mut().find(|slot| slot.is_none());
        *slot.expect("room for another function") = Some((at, function));
    }

    /// Takes a function away, if it is there.
    pub fn remove(&mut self, at: Bdf) {
        for slot in &mut self.functions {
            slot.take_if(|(bdf, _)| *bdf == at);
        }
    }

    /// A function, to change what its hardware shows.
    pub fn function(&mut self, at: Bdf) -> Option<&mut FakeFunction> {
        let mut functions = self.functions.iter_mut().flatten();
        functions.find(|(bdf, _)| *bdf == at).map(|(_, f)| f)
    }

    /// The writes so far (the last 256 at most), oldest first.
    pub fn log(&self) -> &[ConfigWrite] {
        &self.log
    }

    /// How many reads there were.
    pub fn reads(&self) -> usize {
        self.reads.get()
    }
}

impl<const FUNCTIONS: usize> PciConfig for FakeConfig<FUNCTIONS> {
    fn read32(&self, function: Bdf, offset: u16) -> u32 {
        self.reads.set(self.reads.get() + 1);
        let mut functions = self.functions.iter().flatten();
        match functions.find(|(bdf, _)| *bdf == function) {
            Some((_, found)) if exists(offset) => found.value[usize::from(offset / 4)],
            _ => ABSENT32,
        }
    }

    fn write32(&mut self, function: Bdf, offset: u16, value: u32) {
        if self.log.is_full() {
            self.log.remove(0);
        }
        // Cannot fail: there is room now.
        let _ = self.log.push(ConfigWrite {
            function,
            offset,
            value,
        });
        if let Some(found) = self.function(function)
            && exists(offset)
        {
            found.write(offset, value);
        }
    }
}
