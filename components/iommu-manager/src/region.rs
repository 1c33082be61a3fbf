// SPDX-License-Identifier: BSD-2-Clause
//! The region `iommu_tables`: memory that the remapping units read.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, _mm_mfence, cmpxchg16b};
use core::sync::atomic::Ordering;

use iommu_manager_core::Backing;

/// CPUID leaf 1, ECX: the processor has CMPXCHG16B.
const CMPXCHG16B: u32 = 1 << 13;
/// Bytes that CLFLUSH writes back; smaller lines do not exist on processors with VT-d.
const LINE: u64 = 64;

/// Mapped memory that hardware reads meanwhile. Holding one means: the bytes are mapped readable
/// and writable, the start is a multiple of the page size, and no reference to any of them exists.
#[derive(Debug)]
pub struct Region {
    base: *mut u8,
    bytes: u64,
    pairs: bool,
}

impl Region {
    /// Takes possession of `bytes` bytes at `base`; none if `base` is null.
    ///
    /// # Safety
    ///
    /// `base` is null, or a multiple of the page size from which on `bytes` bytes are mapped for
    /// as long as the value lives, to which no reference exists.
    pub unsafe fn new(base: *mut u8, bytes: usize) -> Self {
        let bytes = if base.is_null() { 0 } else { bytes as u64 };
        let pairs = __cpuid(1).ecx & CMPXCHG16B != 0;
        Self { base, bytes, pairs }
    }

    /// Where a `T` at `offset` is, if it is aligned and inside.
    fn place<T>(&self, offset: u64) -> Option<*mut T> {
        let size = size_of::<T>() as u64;
        let inside = offset
            .checked_add(size)
            .is_some_and(|end| end <= self.bytes);
        // A page is aligned enough for every T.
        (inside && offset.is_multiple_of(size))
            .then(|| self.base.wrapping_add(offset as usize).cast())
    }
}

impl Backing for Region {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read64(&self, offset: u64) -> u64 {
        // SAFETY: `place` checked bounds and alignment inside what `new`'s caller promised.
        self.place::<u64>(offset)
            .map_or(u64::MAX, |word| unsafe { word.read_volatile() })
    }

    fn write64(&mut self, offset: u64, value: u64) {
        if let Some(word) = self.place::<u64>(offset) {
            // SAFETY: `place` checked bounds and alignment inside what `new`'s caller promised.
            unsafe { word.write_volatile(value) }
        }
    }

    fn write128(&mut self, offset: u64, value: u128) -> bool {
        let Some(pair) = self.place::<u128>(offset).filter(|_| self.pairs) else {
            return false;
        };
        let high = u128::from(self.read64(offset + 8));
        let old = high << 64 | u128::from(self.read64(offset));
        // SAFETY: `place` checked bounds and alignment inside what `new`'s caller promised, and
        // the processor has the instruction.
        let found = unsafe { cmpxchg16b(pair, old, value, Ordering::SeqCst, Ordering::SeqCst) };
        // Only this program writes here: what was read before is what was found.
        found == old
    }

    fn write_back(&mut self, offset: u64, bytes: u64) {
        let first = offset / LINE * LINE;
        for line in (first..offset.saturating_add(bytes)).step_by(LINE as usize) {
            if let Some(line) = self.place::<u64>(line) {
                // SAFETY: the line is mapped; writing it back changes no byte.
                unsafe { asm!("clflush [{}]", in(reg) line, options(nostack, preserves_flags)) }
            }
        }
        // SAFETY: every processor of this architecture has the instruction.
        unsafe { _mm_mfence() }
    }
}
