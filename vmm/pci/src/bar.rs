// SPDX-License-Identifier: BSD-2-Clause
//! Base address registers (§7.5.1.2.1): which addresses a function decodes.

use vmm_base::Width;

use crate::config::{BuildError, register};
use crate::{ConfigSpace, Function};

/// Registers of a function.
pub(crate) const BARS: u8 = 6;

/// What a base address register decodes. It is always memory: the bus has no I/O space.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    /// Bytes, a power of 2, 16 or more; up to 2 GiB if the register has 32 bits.
    pub size: u64,
    /// It has 64 bits, and takes the register that follows.
    pub wide: bool,
    /// Reads have no side effects, and writes may be merged.
    pub prefetchable: bool,
}

impl Bar {
    /// 32-bit memory.
    pub const fn memory32(size: u64) -> Self {
        Self {
            size,
            wide: false,
            prefetchable: false,
        }
    }

    /// 64-bit memory.
    pub const fn memory64(size: u64) -> Self {
        Self {
            size,
            wide: true,
            prefetchable: false,
        }
    }

    fn is_possible(self) -> bool {
        let most = if self.wide { 1 << 62 } else { 1 << 31 };
        self.size.is_power_of_two() && (16..=most).contains(&self.size)
    }
}

/// The registers that are in use. The upper half of a wide one counts as taken.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bars {
    declared: [Option<Bar>; BARS as usize],
    taken: u8,
}

impl ConfigSpace {
    /// Gives the function a base address register, which guests can then size and move. It decodes
    /// address 0 until somebody writes it.
    ///
    /// # Errors
    ///
    /// [`BuildError::BarTaken`], [`BuildError::BarSize`].
    pub fn add_bar(&mut self, number: u8, bar: Bar) -> Result<(), BuildError> {
        if !bar.is_possible() {
            return Err(BuildError::BarSize(bar.size));
        }
        let registers = 1 + u8::from(bar.wide);
        if number > BARS - registers {
            return Err(BuildError::BarTaken(number));
        }
        let bits = ((1 << registers) - 1) << number;
        if self.bars.taken & bits != 0 {
            return Err(BuildError::BarTaken(number));
        }
        self.bars.taken |= bits;
        self.bars.declared[usize::from(number)] = Some(bar);

        let kind = u32::from(bar.prefetchable) << 3 | u32::from(bar.wide) << 2;
        let at = offset(number);
        self.set(at, Width::Dword, kind);
        let movable = !(bar.size - 1);
        self.allow(at, Width::Dword, movable as u32 & !0xf);
        if bar.wide {
            self.allow(at + 4, Width::Dword, (movable >> 32) as u32);
        }
        Ok(())
    }

    /// What the register of this number decodes, if the function has it.
    pub fn bar(&self, number: u8) -> Option<Bar> {
        self.bars.declared.get(usize::from(number)).copied()?
    }

    /// The address in the register, a multiple of its size; whether it is decoded is another matter.
    pub fn bar_address(&self, number: u8) -> Option<u64> {
        let bar = self.bar(number)?;
        let at = offset(number);
        let low = u64::from(self.read(at, Width::Dword) & !0xf);
        let high = match bar.wide {
            true => u64::from(self.read(at + 4, Width::Dword)),
            false => 0,
        };
        Some(high << 32 | low)
    }

    /// Puts an address into the register, as firmware does.
    pub fn place_bar(&mut self, number: u8, address: u64) {
        let Some(bar) = self.bar(number) else { return };
        let at = offset(number);
        self.write(at, Width::Dword, address as u32);
        if bar.wide {
            self.write(at + 4, Width::Dword, (address >> 32) as u32);
        }
    }
}

/// Base address registers of a function, with their numbers.
pub(crate) fn bars(function: &impl Function) -> impl Iterator<Item = (u8, Bar)> + '_ {
    let config = function.config();
    (0..BARS).filter_map(|number| Some((number, config.bar(number)?)))
}

const fn offset(number: u8) -> u16 {
    register::BARS + 4 * number as u16
}
