// SPDX-License-Identifier: BSD-2-Clause
//! Memory that controller and driver share.

use mmio::Mmio;

/// How much memory the driver needs: a page each for submissions, completions and data.
pub const DMA_BYTES: usize = 3 * 4096;

pub(crate) const SUBMISSIONS: usize = 0;
pub(crate) const COMPLETIONS: usize = 4096;
pub(crate) const DATA: usize = 2 * 4096;

/// Memory that the controller reads and writes, coherent with the processor's caches. The
/// controller may change it at any time.
pub trait Dma {
    /// Where the controller finds its first byte (after the IOMMU's translation); a multiple of
    /// 4096.
    fn bus_address(&self) -> u64;
    /// Its size in bytes.
    fn size(&self) -> usize;
    /// Reads the word at byte `offset` once.
    fn read32(&self, offset: usize) -> u32;
    /// Writes the word at byte `offset`, before anything that is written later.
    fn write32(&mut self, offset: usize, value: u32);
}

/// A mapped region as such memory.
#[derive(Debug)]
pub struct Shared<M> {
    region: M,
    bus_address: u64,
}

impl<M: Mmio> Shared<M> {
    /// `region` is memory that the controller sees at `bus_address`.
    pub const fn new(region: M, bus_address: u64) -> Self {
        Self {
            region,
            bus_address,
        }
    }
}

impl<M: Mmio> Dma for Shared<M> {
    fn bus_address(&self) -> u64 {
        self.bus_address
    }
    fn size(&self) -> usize {
        self.region.size()
    }
    fn read32(&self, offset: usize) -> u32 {
        self.region.read32(offset)
    }
    fn write32(&mut self, offset: usize, value: u32) {
        self.region.write32(offset, value);
    }
}

/// Whether memory can be used.
pub(crate) fn suits(memory: &impl Dma) -> bool {
    let end = memory.bus_address().checked_add(DMA_BYTES as u64);
    memory.bus_address().is_multiple_of(4096) && memory.size() >= DMA_BYTES && end.is_some()
}
