// SPDX-License-Identifier: BSD-2-Clause
//! Where tables live. The driver never holds a pointer: it names host-physical words and lets
//! whoever owns the memory access them, volatile in a protection domain, plainly in a test.

use crate::{Error, Hpa, Result};

/// Memory for tables that hardware reads.
///
/// An implementation accesses each word exactly once per call and makes writes visible to the
/// hardware's coherent reads in the order of the calls (which x86 does by itself for volatile
/// writes). Addresses are always aligned to the access, in pages that `allocate` gave out.
pub trait Memory {
    /// `pages` contiguous pages of 4 KiB, zeroed, and the zeroes written back to memory. `None` if
    /// there are none left.
    fn allocate(&mut self, pages: usize) -> Option<Hpa>;

    /// Takes back a page that was allocated alone: hardware can no longer reach it.
    fn free(&mut self, page: Hpa);

    /// Pages in use, and pages there are.
    fn pages(&self) -> (usize, usize);

    /// Reads a word.
    fn read64(&self, at: Hpa) -> u64;

    /// Writes a word in one access.
    fn write64(&mut self, at: Hpa, value: u64);

    /// Writes a double word in one access that hardware cannot see half of (`cmpxchg16b`).
    fn write128(&mut self, at: Hpa, value: u128);

    /// Writes the cache lines that hold `bytes` from `at` back to memory and waits for it
    /// (`clflush` or `clwb`, then a fence). Called only if hardware does not snoop page walks.
    fn write_back(&mut self, at: Hpa, bytes: u64);
}

/// The memory, and what the driver needs to know about how hardware reads it.
#[derive(Debug)]
pub(crate) struct TableMemory<M: ?Sized> {
    /// All units snoop the processor's caches when they read tables (ECAP.C, §11.4.3).
    pub coherent: bool,
    pub memory: M,
}

/// Memory of whatever kind.
pub(crate) type Tables<'a> = TableMemory<dyn Memory + 'a>;

impl Tables<'_> {
    pub fn allocate(&mut self, pages: usize) -> Result<Hpa> {
        self.memory.allocate(pages).ok_or(Error::OutOfMemory)
    }

    /// Makes words that were written visible to hardware.
    pub fn publish(&mut self, at: Hpa, bytes: u64) {
        if !self.coherent {
            self.memory.write_back(at, bytes);
        }
    }

    /// The entry of 128 bits at `at`, which only this driver writes.
    pub fn entry(&self, at: Hpa) -> Entry {
        let (low, high) = (self.memory.read64(at), self.memory.read64(at.add(8)));
        Entry { low, high }
    }

    /// Writes an entry. Hardware sees all of it or nothing.
    pub fn set_entry(&mut self, at: Hpa, entry: Entry) {
        self.memory.write128(at, entry.bits());
        self.publish(at, Entry::BYTES);
    }
}

/// An entry of a root, context or interrupt table: those have in common what says that an entry is
/// present (P), and that a fault at it is not recorded (FPD).
///
/// An entry has an owner in its high word from when it is made to when it is
/// [emptied](Self::EMPTY), also while it is [blocked](Self::blocked).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Bits 63:0.
    pub low: u64,
    /// Bits 127:64.
    pub high: u64,
}

impl Entry {
    pub const BYTES: u64 = 16;
    pub const PRESENT: u64 = 1 << 0;
    /// The number of the bit.
    const FAULT_PROCESSING_DISABLE: u32 = 1;
    /// One that is nobody's and lets nothing pass.
    pub const EMPTY: Self = Self { low: 0, high: 0 };

    pub fn is_present(self) -> bool {
        self.low & Self::PRESENT != 0
    }

    /// The same, not present; with `silent` it reports no faults either.
    pub fn blocked(self, silent: bool) -> Self {
        let low = u64::from(silent) << Self::FAULT_PROCESSING_DISABLE;
        Self { low, ..self }
    }

    pub fn bits(self) -> u128 {
        u128::from(self.high) << 64 | u128::from(self.low)
    }
}
