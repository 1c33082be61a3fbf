// SPDX-License-Identifier: BSD-2-Clause
//! Where tables live. The driver never holds a pointer: it names host-physical words and lets
//! whoever owns the memory access them, volatile in a protection domain, plainly in a test.

use crate::Hpa;

/// Memory for tables that hardware reads.
///
/// An implementation accesses each word exactly once per call and makes writes visible to the
/// hardware's coherent reads in the order of the calls (which x86 does by itself for volatile
/// writes). Addresses are always 8-byte aligned words of pages that `allocate` gave out.
pub trait Memory {
    /// `pages` contiguous pages of 4 KiB, aligned to their total size (`pages` is a power of
    /// two), zeroed, and the zeroes written back to memory. `None` if there are none left.
    fn allocate(&mut self, pages: usize) -> Option<Hpa>;

    /// Takes back what `allocate` gave: hardware can no longer reach it.
    fn free(&mut self, at: Hpa, pages: usize);

    /// Reads a word.
    fn read64(&self, at: Hpa) -> u64;

    /// Writes a word in one access.
    fn write64(&mut self, at: Hpa, value: u64);

    /// Writes the 16-byte aligned double word in one access that hardware cannot see half of
    /// (`cmpxchg16b`). Returns whether it did; one that cannot writes nothing.
    fn write128(&mut self, at: Hpa, value: u128) -> bool;

    /// Writes the cache lines that hold `bytes` from `at` back to memory and waits for it
    /// (`clflush` or `clwb`, then a fence). Called only if hardware does not snoop page walks.
    fn write_back(&mut self, at: Hpa, bytes: u64);
}

/// What the driver itself needs to know about how hardware reads its tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coherence {
    /// Hardware snoops the processor's caches when it reads tables (ECAP.C, §11.4.3).
    pub coherent: bool,
}

impl Coherence {
    /// Makes words that were just written visible to hardware.
    pub fn publish<M: Memory>(self, memory: &mut M, at: Hpa, bytes: u64) {
        if !self.coherent {
            memory.write_back(at, bytes);
        }
    }
}
