// SPDX-License-Identifier: BSD-2-Clause
//! The memory that driver and device share: what of it is where, and how it is reached.

use mmio::{OutgoingRegion, SharedRegion};

/// Descriptors of each ring. 255 buffers of 1.5 KB are 3 ms of a gigabit: as long as the program
/// may be kept from running without losing frames.
pub(crate) const DESCRIPTORS: usize = 256;
/// Bytes of a descriptor.
pub(crate) const DESCRIPTOR_BYTES: usize = 16;
pub(crate) const RING_BYTES: usize = DESCRIPTORS * DESCRIPTOR_BYTES;
/// Bytes of each buffer: the device counts them in units of 1 KiB.
pub const BUFFER_BYTES: usize = 2048;

/// Where the receive ring is in [`Dma`].
pub(crate) const RECEIVE_RING: usize = 0;
/// Where the transmit ring is in [`Dma`].
pub(crate) const TRANSMIT_RING: usize = RING_BYTES;
/// Where the buffers of received frames are in [`Dma`].
pub(crate) const RECEIVE_BUFFERS: usize = 2 * RING_BYTES;

/// How many bytes of [`Dma`] the driver needs.
pub const DMA_BYTES: usize = RECEIVE_BUFFERS + DESCRIPTORS * BUFFER_BYTES;
/// How many bytes of [`Outgoing`] the driver needs.
pub const OUTGOING_BYTES: usize = DESCRIPTORS * BUFFER_BYTES;

/// Memory that the device reads and writes, coherent with the processor's caches: both rings and
/// the buffers of received frames. The device may change it at any time.
pub trait Dma {
    /// Where the device finds its first byte (after the IOMMU's translation).
    fn bus_address(&self) -> u64;
    /// Its size in bytes.
    fn size(&self) -> usize;
    /// Reads the word at byte `offset` once; 0 outside.
    fn read64(&self, offset: usize) -> u64;
    /// Writes the word at byte `offset`, before anything that is written later. Dropped outside.
    fn write64(&mut self, offset: usize, value: u64);
    /// Reads bytes from `offset` on, each once; zeroes outside.
    fn copy_out(&self, offset: usize, to: &mut [u8]);
}

/// Memory that the device only reads: the buffers of frames to send.
pub trait Outgoing {
    /// Where the device finds its first byte (after the IOMMU's translation).
    fn bus_address(&self) -> u64;
    /// Its size in bytes.
    fn size(&self) -> usize;
    /// Lends `len` bytes from `offset` on to be written.
    ///
    /// # Panics
    ///
    /// If they are not inside.
    fn fill<T>(&mut self, offset: usize, len: usize, f: impl FnOnce(&mut [u8]) -> T) -> T;
}

impl Dma for SharedRegion {
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
    fn copy_out(&self, offset: usize, to: &mut [u8]) {
        SharedRegion::copy_out(self, offset, to);
    }
}

impl Outgoing for OutgoingRegion {
    fn bus_address(&self) -> u64 {
        OutgoingRegion::bus_address(self)
    }
    fn size(&self) -> usize {
        self.bytes().len()
    }
    fn fill<T>(&mut self, offset: usize, len: usize, f: impl FnOnce(&mut [u8]) -> T) -> T {
        f(&mut self.bytes_mut()[offset..][..len])
    }
}

/// Whether memory can be used: rings start at multiples of 128 bytes (§7.1.7, §7.2.4); pages are
/// asked for because that is what an IOMMU grants.
pub(crate) fn suits(shared: &impl Dma, outgoing: &impl Outgoing) -> bool {
    let fits = |address: u64, size: usize, needed: usize| {
        address.is_multiple_of(4096)
            && size >= needed
            && address.checked_add(needed as u64).is_some()
    };
    fits(shared.bus_address(), shared.size(), DMA_BYTES)
        && fits(outgoing.bus_address(), outgoing.size(), OUTGOING_BYTES)
}
