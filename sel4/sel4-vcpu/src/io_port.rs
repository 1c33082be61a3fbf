// SPDX-License-Identifier: BSD-2-Clause
//! I/O ports of a protection domain.

use sel4::Result;

const BASE_IO_PORT: usize = 394;
const MAX_IDS: usize = 62;

/// A range of I/O ports, named by the id of its `ioport` element in `system.xml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IoPort {
    index: usize,
}

impl IoPort {
    /// The range with this id.
    ///
    /// # Panics
    ///
    /// When `index` is above 61.
    pub const fn new(index: usize) -> Self {
        assert!(index < MAX_IDS, "I/O port range ids are 0 to 61");
        Self { index }
    }

    /// The id.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Reads a byte from `port`.
    ///
    /// # Errors
    ///
    /// Of this and the other methods: `IllegalOperation` when the range does not cover the access,
    /// `InvalidCapability` when there is no such range.
    pub fn in8(&self, port: u16) -> Result<u8> {
        self.cap().ioport_in8(port)
    }

    /// Reads two bytes from `port`.
    pub fn in16(&self, port: u16) -> Result<u16> {
        self.cap().ioport_in16(port)
    }

    /// Reads four bytes from `port`.
    pub fn in32(&self, port: u16) -> Result<u32> {
        self.cap().ioport_in32(port)
    }

    /// Writes a byte to `port`.
    pub fn out8(&self, port: u16, value: u8) -> Result<()> {
        self.cap().ioport_out8(port, value)
    }

    /// Writes two bytes to `port`.
    pub fn out16(&self, port: u16, value: u16) -> Result<()> {
        self.cap().ioport_out16(port, value)
    }

    /// Writes four bytes to `port`.
    pub fn out32(&self, port: u16, value: u32) -> Result<()> {
        self.cap().ioport_out32(port, value)
    }

    pub(crate) fn cap(self) -> sel4::cap::IOPort {
        sel4::Cap::from_bits((BASE_IO_PORT + self.index) as sel4::CPtrBits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_start_at_394() {
        assert_eq!(IoPort::new(0).cap().bits(), 394);
        assert_eq!(IoPort::new(61).cap().bits(), 455);
    }

    #[test]
    #[should_panic(expected = "ids are 0 to 61")]
    fn id_62() {
        IoPort::new(62);
    }
}
