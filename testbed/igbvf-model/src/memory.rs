// SPDX-License-Identifier: BSD-2-Clause
//! The memory of a virtual function, from the driver's side.

use igbvf::{DMA_BYTES, Dma, OUTGOING_BYTES, Outgoing};

use crate::{Card, OUTGOING_ADDRESS, SHARED_ADDRESS};

/// What the device reads and writes.
#[derive(Debug)]
pub struct ModelShared {
    card: Card,
    vf: usize,
}

impl ModelShared {
    pub(crate) fn new(card: Card, vf: usize) -> Self {
        Self { card, vf }
    }
}

impl Dma for ModelShared {
    fn bus_address(&self) -> u64 {
        SHARED_ADDRESS
    }

    fn size(&self) -> usize {
        DMA_BYTES
    }

    fn read64(&self, offset: usize) -> u64 {
        let mut bytes = [0; 8];
        self.copy_out(offset, &mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn write64(&mut self, offset: usize, value: u64) {
        self.card.poke_shared(self.vf, offset, value);
    }

    fn copy_out(&self, offset: usize, to: &mut [u8]) {
        self.card.vf(self.vf, |vf| {
            to.copy_from_slice(&vf.shared[offset..][..to.len()])
        });
    }
}

/// What the device only reads.
#[derive(Debug)]
pub struct ModelOutgoing {
    card: Card,
    vf: usize,
}

impl ModelOutgoing {
    pub(crate) fn new(card: Card, vf: usize) -> Self {
        Self { card, vf }
    }
}

impl Outgoing for ModelOutgoing {
    fn bus_address(&self) -> u64 {
        OUTGOING_ADDRESS
    }

    fn size(&self) -> usize {
        OUTGOING_BYTES
    }

    fn fill<T>(&mut self, offset: usize, len: usize, f: impl FnOnce(&mut [u8]) -> T) -> T {
        // Taken out meanwhile: `f` may use the card.
        let mut outgoing = self.card.vf(self.vf, |vf| std::mem::take(&mut vf.outgoing));
        let result = f(&mut outgoing[offset..][..len]);
        self.card.vf(self.vf, |vf| vf.outgoing = outgoing);
        result
    }
}
