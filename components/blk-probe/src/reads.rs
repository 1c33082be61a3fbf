// SPDX-License-Identifier: BSD-2-Clause
//! A measurement: reads of 4 KiB all over the namespace, one after the other.

use core::time::Duration;

use mmio::Mmio;
use nvme_io::{Direction, Dma, Geometry, NvmeIo, Status, Tag, Transfer};

use crate::{Buffers, Failure, Latencies};

/// So many reads are remembered, to find the median; more are not done.
pub(crate) const MAX_READS: usize = 1000;
/// Bytes of a read.
const BYTES: u32 = 4096;

#[derive(Debug)]
pub(crate) struct Reads {
    geometry: Geometry,
    count: usize,
    nanoseconds: [u32; MAX_READS],
    done: usize,
    /// The one that is under way: its tag, its first byte, and when it began.
    one: Option<(Tag, u64, Duration)>,
    begun: Duration,
    /// Count of interrupts when it began.
    interrupts: u64,
    random: u64,
}

impl Reads {
    /// So many reads, at most [`MAX_READS`]. `interrupts` is how many there were so far.
    pub fn new(geometry: Geometry, count: usize, now: Duration, interrupts: u64) -> Self {
        Self {
            geometry,
            count: count.min(MAX_READS),
            nanoseconds: [0; MAX_READS],
            done: 0,
            one: None,
            begun: now,
            interrupts,
            random: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// Takes what is done, and asks for the next. Returns what came of it at its end.
    pub fn advance<R: Mmio, D: Dma>(
        &mut self,
        driver: &mut NvmeIo<R, D>,
        buffers: &impl Buffers,
        now: Duration,
        interrupts: u64,
    ) -> Result<Option<Latencies>, Failure> {
        while let Some(completion) = driver.completion()? {
            let Some((_, at, begun)) = self.one.take_if(|one| one.0 == completion.tag) else {
                continue;
            };
            if completion.status != Status::SUCCESS {
                return Err(Failure::Status(at, completion.status));
            }
            let took = now.saturating_sub(begun).as_nanos();
            self.nanoseconds[self.done] = u32::try_from(took).unwrap_or(u32::MAX);
            self.done += 1;
        }
        if self.done >= self.count {
            driver.announce();
            return Ok(Some(self.latencies(now, interrupts)));
        }
        if self.one.is_none() {
            let at = self.next() * u64::from(BYTES);
            let block_bytes = self.geometry.block_bytes;
            let transfer = Transfer {
                direction: Direction::Read,
                block: at / u64::from(block_bytes),
                blocks: (BYTES / block_bytes).max(1),
                address: buffers.bus_address(),
            };
            self.one = Some((driver.transfer(transfer, now)?, at, now));
        }
        driver.announce();
        Ok(None)
    }

    /// Marsaglia's xorshift: the same places every time.
    fn next(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % (self.geometry.bytes() / u64::from(BYTES)).max(1)
    }

    fn latencies(&mut self, now: Duration, interrupts: u64) -> Latencies {
        let done = &mut self.nanoseconds[..self.done];
        done.sort_unstable();
        Latencies {
            namespace: self.geometry.namespace.0,
            count: done.len(),
            minimum: done.first().copied().unwrap_or_default(),
            median: done.get(done.len() / 2).copied().unwrap_or_default(),
            took: now.saturating_sub(self.begun),
            interrupts: interrupts.saturating_sub(self.interrupts),
        }
    }
}
