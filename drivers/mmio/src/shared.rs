// SPDX-License-Identifier: BSD-2-Clause
//! Memory that a device shares: mapped in this address space and granted to the device.

use core::arch::asm;
use core::arch::x86_64::{__m128i, _mm_mfence};
use core::ptr::NonNull;

use crate::inside;

const WIDE: usize = size_of::<__m128i>();
/// Bytes that CLFLUSH writes back; no x86-64 processor has smaller lines.
const LINE: usize = 64;

/// Memory that the device may change at any time. Holding one means: the bytes `base..base + size`
/// are mapped readable and writable, and nobody else in this address space uses them. They are only
/// ever accessed by volatile reads and writes, and never by reference.
#[derive(Debug)]
pub struct SharedRegion {
    base: NonNull<u8>,
    size: usize,
    bus_address: u64,
}

impl SharedRegion {
    /// Takes possession of `size` bytes at `base`, which the device finds at `bus_address`.
    ///
    /// # Safety
    ///
    /// `base` is 16-byte aligned; `size` bytes from it are mapped memory for as long as the value
    /// lives, and no reference to any of them exists.
    pub const unsafe fn new(base: NonNull<u8>, size: usize, bus_address: u64) -> Self {
        Self {
            base,
            size,
            bus_address,
        }
    }

    /// The same for memory that is given up for good. The device must not be handed any memory
    /// but this.
    pub const fn from_words(words: &'static mut [u128], bus_address: u64) -> Self {
        Self {
            base: NonNull::from_mut(words).cast(),
            size: size_of_val(words),
            bus_address,
        }
    }

    /// Where the device finds the first byte.
    pub const fn bus_address(&self) -> u64 {
        self.bus_address
    }

    /// The size in bytes.
    pub const fn size(&self) -> usize {
        self.size
    }

    /// Reads the word at `offset` in one access. 0 outside, or off its alignment.
    #[inline]
    pub fn read64(&self, offset: usize) -> u64 {
        if !inside(offset, 8, self.size) {
            return 0;
        }
        // SAFETY: inside the mapping and aligned, as just checked.
        unsafe { self.base.add(offset).cast::<u64>().read_volatile() }
    }

    /// Writes the word at `offset` in one access. Dropped outside, or off its alignment.
    #[inline]
    pub fn write64(&mut self, offset: usize, value: u64) {
        if inside(offset, 8, self.size) {
            // SAFETY: inside the mapping and aligned, as just checked.
            unsafe { self.base.add(offset).cast::<u64>().write_volatile(value) }
        }
    }

    /// Writes 16 bytes at once, so that the device sees all of them or nothing. Dropped outside, or
    /// off their alignment, or if the device writes there at the same time.
    pub fn write128(&mut self, offset: usize, value: u128) {
        if !inside(offset, WIDE, self.size) {
            return;
        }
        // SAFETY: inside the mapping and aligned, as just checked. Every x86-64 processor but the
        // first ones, which had no IOMMU, has the instruction. The compiler keeps rbx for itself,
        // hence the exchange; its own intrinsic may become a call to a library.
        unsafe {
            asm!(
                "xchg rbx, {value}",
                "lock cmpxchg16b [{at}]",
                "mov rbx, {value}",
                value = inout(reg) value as u64 => _,
                at = in(reg) self.base.add(offset).as_ptr(),
                in("rcx") (value >> 64) as u64,
                // What is there already: nobody else writes.
                inout("rax") self.read64(offset) => _,
                inout("rdx") self.read64(offset + 8) => _,
                options(nostack),
            );
        }
    }

    /// Writes the cache lines that hold `bytes` from `offset` on back to memory and waits for it.
    pub fn write_back(&mut self, offset: usize, bytes: usize) {
        let end = offset.saturating_add(bytes).min(self.size);
        for line in (offset / LINE * LINE..end).step_by(LINE) {
            // SAFETY: the line begins inside the mapping; writing it back changes no byte.
            unsafe {
                asm!("clflush [{}]", in(reg) self.base.add(line).as_ptr(), options(nostack, preserves_flags));
            }
        }
        // SAFETY: every x86-64 processor has the instruction.
        unsafe { _mm_mfence() }
    }

    /// Reads bytes from `offset` on, each once. Zeroes if not all of them are inside, or `offset` is
    /// no multiple of 16.
    pub fn copy_out(&self, offset: usize, to: &mut [u8]) {
        let end = offset.checked_add(to.len());
        if !offset.is_multiple_of(WIDE) || end.is_none_or(|end| end > self.size) {
            to.fill(0);
            return;
        }
        // SAFETY: offset + to.len() <= size.
        let mut from = unsafe { self.base.add(offset) };
        let mut chunks = to.chunks_exact_mut(WIDE);
        for chunk in &mut chunks {
            // SAFETY: a whole chunk is left of the bytes that were checked, at a multiple of 16 from
            // an aligned base; the chunk has as many bytes, and may be unaligned.
            unsafe {
                let bytes = from.cast::<__m128i>().read_volatile();
                chunk.as_mut_ptr().cast::<__m128i>().write_unaligned(bytes);
                from = from.add(WIDE);
            }
        }
        for byte in chunks.into_remainder() {
            // SAFETY: as many bytes are left as in the rest of `to`.
            unsafe {
                *byte = from.read_volatile();
                from = from.add(1);
            }
        }
    }
}

/// Memory that the device only reads. The IOMMU must see to that: then nobody but the holder ever
/// changes it, and it can be written like any other.
#[derive(Debug)]
pub struct OutgoingRegion {
    bytes: &'static mut [u8],
    bus_address: u64,
}

impl OutgoingRegion {
    /// Takes possession of memory that the device finds at `bus_address`.
    ///
    /// # Safety
    ///
    /// No device may write to the memory: its `iomap` has `perms="r"`.
    pub const unsafe fn new(bytes: &'static mut [u8], bus_address: u64) -> Self {
        Self { bytes, bus_address }
    }

    /// Where the device finds the first byte.
    pub const fn bus_address(&self) -> u64 {
        self.bus_address
    }

    /// The memory.
    pub const fn bytes(&self) -> &[u8] {
        self.bytes
    }

    /// The memory, to write.
    pub const fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;

    #[repr(align(16))]
    struct Page([u8; 64]);

    #[test]
    fn shared_memory_is_reached_inside_only() {
        let mut page = Page(core::array::from_fn(|n| n as u8));
        // SAFETY: the first 48 bytes of `page`, which outlives the region and is not used meanwhile.
        let mut region =
            unsafe { SharedRegion::new(NonNull::from(&mut page.0).cast(), 48, 0x1000) };
        assert_eq!((region.size(), region.bus_address()), (48, 0x1000));
        assert_eq!(region.read64(8), 0x0f0e_0d0c_0b0a_0908);
        region.write64(16, u64::MAX);
        assert_eq!(region.read64(16), u64::MAX);
        for offset in [44, 48, 1, usize::MAX, usize::MAX - 7] {
            region.write64(offset, 7);
            assert_eq!(region.read64(offset), 0, "offset {offset:#x}");
        }
        assert_eq!(
            page.0[48..],
            core::array::from_fn::<u8, 16, _>(|n| 48 + n as u8)
        );
    }

    #[test]
    fn sixteen_bytes_are_written_at_once_or_not_at_all() {
        let words = std::boxed::Box::leak(std::boxed::Box::new([1, 2, 3]));
        let mut region = SharedRegion::from_words(words, 0x1000);
        assert_eq!((region.size(), region.bus_address()), (48, 0x1000));
        region.write128(16, 7 << 64 | 5);
        for offset in [8, 40, 48, usize::MAX - 15] {
            region.write128(offset, u128::MAX);
        }
        // Nothing to be seen from here, but that it does no harm, also beyond the end.
        region.write_back(16, 16);
        region.write_back(40, usize::MAX);
        let words = [0, 8, 16, 24, 32, 40].map(|offset| region.read64(offset));
        assert_eq!(words, [1, 0, 5, 7, 3, 0]);
    }

    #[test]
    fn bytes_are_copied_whole_or_not_at_all() {
        let mut page = Page(core::array::from_fn(|n| n as u8));
        // SAFETY: as above.
        let region = unsafe { SharedRegion::new(NonNull::from(&mut page.0).cast(), 48, 0) };
        for (offset, len) in [
            (0, 0),
            (0, 1),
            (0, 16),
            (16, 17),
            (16, 31),
            (0, 48),
            (32, 16),
        ] {
            let mut to = [0xff; 50];
            region.copy_out(offset, &mut to[1..=len]);
            let expected = (offset..offset + len).map(|n| n as u8);
            assert!(to[1..=len].iter().copied().eq(expected), "{offset} {len}");
            assert_eq!((to[0], to[len + 1]), (0xff, 0xff), "{offset} {len}");
        }
        for (offset, len) in [(32, 17), (48, 1), (8, 8), (usize::MAX & !15, 32)] {
            let mut to = [0xff; 32];
            region.copy_out(offset, &mut to[..len]);
            assert!(to[..len].iter().all(|byte| *byte == 0), "{offset:#x} {len}");
        }
    }
}
