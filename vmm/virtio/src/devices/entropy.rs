// SPDX-License-Identifier: BSD-2-Clause
//! The entropy device: virtio 1.2 §5.4.

use vmm_base::GuestRam;

use crate::Violation;
use crate::device::{Device, Kind, drain};
use crate::queue::{Chain, Queue};

/// Chains at a time.
const BATCH: usize = 8;
/// Bytes for one chain. A driver takes what it gets and asks again, and random numbers are slow.
const PORTION: usize = 64;

/// A source of random numbers that are fit for keys.
pub trait Source {
    /// Fills from the start. Returns how many bytes it could, if it is exhausted for the moment.
    fn fill(&mut self, into: &mut [u8]) -> usize;
}

/// A source of randomness for a guest.
#[derive(Debug)]
pub struct Entropy<S> {
    source: S,
}

impl<S: Source> Entropy<S> {
    /// One that takes from `source`. A machine without a source has no such device: bad random
    /// numbers are worse than none.
    pub const fn new(source: S) -> Self {
        Self { source }
    }

    fn give(&mut self, ram: &GuestRam<'_>, chain: &mut Chain) -> Result<u32, Violation> {
        let (length, needed) = (chain.writable(), 1);
        if length == 0 {
            return Err(Violation::BufferLength { length, needed });
        }
        let mut bytes = [0; PORTION];
        let most = length.min(PORTION);
        let count = self.source.fill(&mut bytes[..most]).min(most);
        chain.write(ram, &bytes[..count])?;
        Ok(chain.written())
    }
}

impl<S: Source> Device for Entropy<S> {
    const KIND: Kind = Kind {
        id: 4,
        class: 0xff_00_00,
        queues: &[8],
    };

    fn features(&self) -> u64 {
        0
    }

    fn config(&self, _: usize) -> u8 {
        0
    }

    fn serve(
        &mut self,
        _: usize,
        queue: &mut Queue,
        ram: &GuestRam<'_>,
        chain: &mut Chain,
    ) -> Result<bool, Violation> {
        drain(queue, ram, chain, BATCH, |chain| self.give(ram, chain))
    }
}
