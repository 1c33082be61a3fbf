// SPDX-License-Identifier: BSD-2-Clause
//! The memory that data goes through.

use mmio::SharedRegion;

/// Commands under way at once, each with a buffer.
pub const BUFFERS: usize = 8;
/// Bytes of each buffer, and of each transfer if the controller allows as much.
pub const BUFFER_BYTES: u32 = 128 << 10;

const _: () = assert!(BUFFER_BYTES <= nvme_io::MAX_BYTES && BUFFERS < nvme_io::DEPTH);

/// Memory for [`BUFFERS`] of [`BUFFER_BYTES`] that the controller reads and writes, at any time.
pub trait Buffers {
    /// Where the controller finds its first byte.
    fn bus_address(&self) -> u64;
    /// Its size in bytes.
    fn size(&self) -> usize;
    /// Reads the word at byte `offset`, a multiple of 8, once.
    fn read64(&self, offset: usize) -> u64;
    /// Writes the word at byte `offset`, a multiple of 8.
    fn write64(&mut self, offset: usize, value: u64);
}

impl Buffers for SharedRegion {
    fn bus_address(&self) -> u64 {
        SharedRegion::bus_address(self)
    }
    fn size(&self) -> usize {
        SharedRegion::size(self)
    }
    fn read64(&self, offset: usize) -> u64 {
        SharedRegion::read64(self, offset)
    }
    fn write64(&mut self, offset: usize, value: u64) {
        SharedRegion::write64(self, offset, value);
    }
}
