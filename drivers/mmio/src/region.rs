// SPDX-License-Identifier: BSD-2-Clause
//! Volatile access to a region that is mapped in this address space.

use core::ptr::NonNull;

use crate::{ABSENT32, ABSENT64, Mmio, inside};

/// A mapped register region. Holding one means: the bytes `base..base + size` are mapped
/// readable and writable, uncached, and nobody else in this address space uses them.
#[derive(Debug)]
pub struct MmioRegion {
    base: NonNull<u8>,
    size: usize,
}

impl MmioRegion {
    /// Takes possession of a mapped region of `size` bytes at `base`.
    ///
    /// # Safety
    ///
    /// `base` is 8-byte aligned; `size` bytes from it are mapped device registers for as long as
    /// the value lives, and no reference to any of them exists.
    pub const unsafe fn new(base: NonNull<u8>, size: usize) -> Self {
        Self { base, size }
    }

    /// The register at `offset`, if an access of `T` there is aligned and inside.
    fn register<T>(&self, offset: usize) -> Option<NonNull<T>> {
        if !inside(offset, size_of::<T>(), self.size) {
            return None;
        }
        // SAFETY: offset + size_of::<T>() <= size, which `new`'s caller promised is one mapping.
        Some(unsafe { self.base.add(offset) }.cast())
    }
}

impl Mmio for MmioRegion {
    fn size(&self) -> usize {
        self.size
    }

    fn read32(&self, offset: usize) -> u32 {
        match self.register::<u32>(offset) {
            // SAFETY: `register` checked bounds and alignment inside the mapping.
            Some(register) => unsafe { register.read_volatile() },
            None => ABSENT32,
        }
    }

    fn write32(&mut self, offset: usize, value: u32) {
        if let Some(register) = self.register::<u32>(offset) {
            // SAFETY: `register` checked bounds and alignment inside the mapping.
            unsafe { register.write_volatile(value) }
        }
    }

    fn read64(&self, offset: usize) -> u64 {
        match self.register::<u64>(offset) {
            // SAFETY: `register` checked bounds and alignment inside the mapping.
            Some(register) => unsafe { register.read_volatile() },
            None => ABSENT64,
        }
    }

    fn write64(&mut self, offset: usize, value: u64) {
        if let Some(register) = self.register::<u64>(offset) {
            // SAFETY: `register` checked bounds and alignment inside the mapping.
            unsafe { register.write_volatile(value) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[repr(align(8))]
    struct Page([u8; 32]);

    #[test]
    fn reads_what_was_written_and_nothing_outside() {
        let mut page = Page([0x5a; 32]);
        // SAFETY: the first 16 bytes of `page`, which outlives the region and is not used meanwhile.
        let mut region = unsafe { MmioRegion::new(NonNull::from(&mut page.0).cast(), 16) };
        region.write32(4, 0x1234_5678);
        region.write64(8, 0x0102_0304_0506_0708);
        assert_eq!(region.read32(4), 0x1234_5678);
        assert_eq!(region.read64(8), 0x0102_0304_0506_0708);
        assert_eq!(region.read32(0), 0x5a5a_5a5a);

        for offset in [13, 16, 2, usize::MAX, usize::MAX - 3] {
            region.write32(offset, 0);
            assert_eq!(region.read32(offset), ABSENT32, "offset {offset:#x}");
        }
        for offset in [4, 12, 16, usize::MAX - 7] {
            region.write64(offset, 0);
            assert_eq!(region.read64(offset), ABSENT64, "offset {offset:#x}");
        }
        assert_eq!(
            page.0[16..],
            [0x5a; 16],
            "bytes behind the region are untouched"
        );
    }
}
