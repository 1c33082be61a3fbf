// SPDX-License-Identifier: BSD-2-Clause
//! The guest's memory, as the monitor sees it.

use core::ptr::NonNull;

/// Memory that a guest shares with its monitor, from guest-physical 0.
#[derive(Debug)]
pub struct Memory {
    region: NonNull<[u8]>,
}

impl Memory {
    /// Wraps the guest's memory.
    ///
    /// # Safety
    ///
    /// `region` must be mapped readable and writable for as long as this lives, and Rust
    /// references to it must not exist.
    pub const unsafe fn new(region: NonNull<[u8]>) -> Self {
        Self { region }
    }

    fn byte(&self, at: usize) -> NonNull<u8> {
        assert!(
            at < self.region.len(),
            "{at:#x} is not in the guest's memory"
        );
        // SAFETY: it lies in the region.
        unsafe { self.region.cast::<u8>().add(at) }
    }

    /// Reads a byte.
    pub fn read8(&self, at: usize) -> u8 {
        // SAFETY: mapped as promised; volatile, for the guest changes it.
        unsafe { self.byte(at).read_volatile() }
    }

    /// Writes a byte.
    pub fn write8(&mut self, at: usize, value: u8) {
        // SAFETY: as in `read8`.
        unsafe { self.byte(at).write_volatile(value) };
    }

    /// Reads eight bytes.
    pub fn read64(&self, at: usize) -> u64 {
        u64::from_le_bytes(core::array::from_fn(|i| self.read8(at + i)))
    }

    /// Writes eight bytes.
    pub fn write64(&mut self, at: usize, value: u64) {
        self.write(at, &value.to_le_bytes());
    }

    /// Writes bytes.
    pub fn write(&mut self, at: usize, bytes: &[u8]) {
        for (i, byte) in bytes.iter().enumerate() {
            self.write8(at + i, *byte);
        }
    }

    /// Fills a range with zeros.
    pub fn clear(&mut self, range: core::ops::Range<usize>) {
        for at in range {
            self.write8(at, 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_little_endian() {
        let mut bytes = [0u8; 16];
        // SAFETY: the array outlives the memory and is not used meanwhile.
        let mut memory = unsafe { Memory::new(NonNull::from(&mut bytes[..])) };
        memory.write64(8, 0x0102_0304_0506_0708);
        assert_eq!((memory.read8(8), memory.read8(15)), (8, 1));
        assert_eq!(memory.read64(8), 0x0102_0304_0506_0708);
        memory.clear(8..16);
        assert_eq!(memory.read64(8), 0);
    }

    #[test]
    #[should_panic(expected = "0x10 is not in the guest's memory")]
    fn the_end_is_checked() {
        let mut bytes = [0u8; 16];
        // SAFETY: as above.
        let memory = unsafe { Memory::new(NonNull::from(&mut bytes[..])) };
        memory.read8(16);
    }
}
