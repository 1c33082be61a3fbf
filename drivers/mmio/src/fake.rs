// SPDX-License-Identifier: BSD-2-Clause
//! Registers without behaviour, for tests: an array that remembers the order of writes.

use heapless::Vec;

use crate::{ABSENT32, ABSENT64, Mmio, inside};

/// One write that a driver did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Write {
    /// Byte offset of the register.
    pub offset: usize,
    /// Width of the access in bytes: 4 or 8.
    pub width: usize,
    /// The value, zero-extended.
    pub value: u64,
}

/// `SIZE` bytes of registers that hold what is written to them, and a log of the last writes.
#[derive(Debug)]
pub struct FakeMmio<const SIZE: usize> {
    bytes: [u8; SIZE],
    log: Vec<Write, 256>,
}

impl<const SIZE: usize> Default for FakeMmio<SIZE> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const SIZE: usize> FakeMmio<SIZE> {
    /// Registers that are all zero.
    pub const fn new() -> Self {
        Self {
            bytes: [0; SIZE],
            log: Vec::new(),
        }
    }

    /// Registers that are all ones, as where no device is.
    pub const fn absent() -> Self {
        Self {
            bytes: [0xff; SIZE],
            log: Vec::new(),
        }
    }

    /// Gives a register a value without logging it: what the hardware would show.
    ///
    /// # Panics
    ///
    /// If the register lies outside.
    pub fn set32(&mut self, offset: usize, value: u32) {
        self.bytes[offset..offset + 4].copy_from_slice(&value.to_le_bytes());
    }

    /// As [`set32`](Self::set32) for 64 bits.
    ///
    /// # Panics
    ///
    /// If the register lies outside.
    pub fn set64(&mut self, offset: usize, value: u64) {
        self.bytes[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// The writes so far, oldest first.
    pub fn log(&self) -> &[Write] {
        &self.log
    }

    fn record(&mut self, write: Write) {
        if self.log.is_full() {
            self.log.remove(0);
        }
        // Cannot fail: there is room now.
        let _ = self.log.push(write);
    }
}

impl<const SIZE: usize> Mmio for FakeMmio<SIZE> {
    fn size(&self) -> usize {
        SIZE
    }

    fn read32(&self, offset: usize) -> u32 {
        if !inside(offset, 4, SIZE) {
            return ABSENT32;
        }
        self.bytes[offset..offset + 4]
            .try_into()
            .map_or(ABSENT32, u32::from_le_bytes)
    }

    fn write32(&mut self, offset: usize, value: u32) {
        self.record(Write {
            offset,
            width: 4,
            value: value.into(),
        });
        if inside(offset, 4, SIZE) {
            self.set32(offset, value);
        }
    }

    fn read64(&self, offset: usize) -> u64 {
        if !inside(offset, 8, SIZE) {
            return ABSENT64;
        }
        self.bytes[offset..offset + 8]
            .try_into()
            .map_or(ABSENT64, u64::from_le_bytes)
    }

    fn write64(&mut self, offset: usize, value: u64) {
        self.record(Write {
            offset,
            width: 8,
            value,
        });
        if inside(offset, 8, SIZE) {
            self.set64(offset, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_writes_in_order_and_keeps_the_last_256() {
        let mut fake = FakeMmio::<16>::new();
        fake.write32(0, 7);
        fake.write64(8, 9);
        fake.write32(64, 1);
        let expected = [
            Write {
                offset: 0,
                width: 4,
                value: 7,
            },
            Write {
                offset: 8,
                width: 8,
                value: 9,
            },
            Write {
                offset: 64,
                width: 4,
                value: 1,
            },
        ];
        assert_eq!(fake.log(), expected);
        for value in 0..300 {
            fake.write32(0, value);
        }
        assert_eq!(fake.log().len(), 256);
        assert_eq!(fake.log()[255].value, 299);
        assert_eq!(fake.log()[0].value, 44);
    }

    #[test]
    fn absent_and_outside_read_all_ones() {
        let fake = FakeMmio::<16>::absent();
        assert_eq!(fake.read32(4), ABSENT32);
        assert_eq!(fake.read64(8), ABSENT64);
        let fake = FakeMmio::<16>::new();
        assert_eq!(fake.read32(16), ABSENT32);
        assert_eq!(fake.read64(12), ABSENT64);
        assert_eq!(fake.read64(8), 0);
    }
}
