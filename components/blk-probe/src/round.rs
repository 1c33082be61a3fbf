// SPDX-License-Identifier: BSD-2-Clause
//! One round: write, make durable, read, compare, with several commands under way.

use core::time::Duration;

use mmio::Mmio;
use nvme_io::{Direction, Dma, Geometry, NvmeIo, Status, Tag, Transfer};

use crate::pattern::Pattern;
use crate::{BUFFER_BYTES, BUFFERS, Buffers, Failure, ROUND_BYTES, Verified};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Write,
    /// All is written; with the tag once the command is under way.
    Flush(Option<Tag>),
    Read,
}

/// A buffer in use.
#[derive(Clone, Copy, Debug)]
struct Use {
    tag: Tag,
    /// The byte of the namespace.
    at: u64,
    bytes: u32,
}

#[derive(Debug)]
pub(crate) struct Round {
    number: u64,
    geometry: Geometry,
    pattern: Pattern,
    /// So many bytes from the first on.
    total: u64,
    /// Bytes of a transfer, the last one perhaps excepted.
    chunk: u32,
    stage: Stage,
    /// The first byte that no command was about yet.
    next: u64,
    uses: [Option<Use>; BUFFERS],
    begun: Duration,
    written: Duration,
    commands: u32,
    depth: usize,
    /// Count of interrupts when it began.
    interrupts: u64,
}

impl Round {
    /// The round with this number. `interrupts` is how many there were so far.
    pub fn new(geometry: Geometry, number: u64, now: Duration, interrupts: u64) -> Self {
        Self {
            number,
            geometry,
            pattern: Pattern::new(geometry.namespace.0, number),
            total: geometry.bytes().min(ROUND_BYTES),
            chunk: geometry.max_bytes.min(BUFFER_BYTES),
            stage: Stage::Write,
            next: 0,
            uses: [None; BUFFERS],
            begun: now,
            written: now,
            commands: 0,
            depth: 0,
            interrupts,
        }
    }

    /// Takes what is done, and asks for as much as there are buffers. Returns what came of the
    /// round at its end.
    pub fn advance<R: Mmio, D: Dma>(
        &mut self,
        driver: &mut NvmeIo<R, D>,
        buffers: &mut impl Buffers,
        now: Duration,
        interrupts: u64,
    ) -> Result<Option<Verified>, Failure> {
        while let Some(done) = driver.completion()? {
            self.take(done.tag, done.status, buffers)?;
        }
        while self.next < self.total
            && let Some(slot) = self.uses.iter().position(Option::is_none)
        {
            self.submit(slot, driver, buffers, now)?;
        }
        let over = self.next == self.total && self.uses.iter().all(Option::is_none);
        let mut verified = None;
        match self.stage {
            Stage::Write if over => self.stage = Stage::Flush(Some(driver.flush(now)?)),
            Stage::Flush(None) => {
                (self.stage, self.next, self.written) = (Stage::Read, 0, now);
                return self.advance(driver, buffers, now, interrupts);
            }
            Stage::Read if over => {
                verified = Some(Verified {
                    round: self.number,
                    namespace: self.geometry.namespace.0,
                    bytes: self.total,
                    writing: self.written.saturating_sub(self.begun),
                    reading: now.saturating_sub(self.written),
                    // And the flush.
                    commands: self.commands.saturating_add(1),
                    depth: self.depth,
                    interrupts: interrupts.saturating_sub(self.interrupts),
                });
            }
            _ => {}
        }
        self.depth = self.depth.max(driver.under_way());
        driver.announce();
        Ok(verified)
    }

    fn submit<R: Mmio, D: Dma>(
        &mut self,
        slot: usize,
        driver: &mut NvmeIo<R, D>,
        buffers: &mut impl Buffers,
        now: Duration,
    ) -> Result<(), Failure> {
        let at = self.next;
        let bytes = u64::from(self.chunk).min(self.total - at) as u32;
        let offset = slot * BUFFER_BYTES as usize;
        let direction = match self.stage {
            Stage::Read => Direction::Read,
            _ => Direction::Write,
        };
        for (offset, byte) in words(offset, at, bytes) {
            let word = self.pattern.word(byte);
            // Something that is wrong everywhere, so that nothing old is taken for what was read.
            let word = if direction == Direction::Read {
                !word
            } else {
                word
            };
            buffers.write64(offset, word);
        }
        let block_bytes = self.geometry.block_bytes;
        let transfer = Transfer {
            direction,
            block: at / u64::from(block_bytes),
            blocks: bytes / block_bytes,
            address: buffers.bus_address() + offset as u64,
        };
        let tag = driver.transfer(transfer, now)?;
        self.uses[slot] = Some(Use { tag, at, bytes });
        self.next += u64::from(bytes);
        self.commands = self.commands.saturating_add(1);
        Ok(())
    }

    fn take(&mut self, tag: Tag, status: Status, buffers: &impl Buffers) -> Result<(), Failure> {
        let used = |used: &Option<Use>| used.is_some_and(|used| used.tag == tag);
        let Some(slot) = self.uses.iter().position(used) else {
            // No buffer: it is the flush.
            self.stage = Stage::Flush(None);
            return match status {
                Status::SUCCESS => Ok(()),
                status => Err(Failure::Status(0, status)),
            };
        };
        let Some(Use { at, bytes, .. }) = self.uses[slot].take() else {
            return Ok(());
        };
        if status != Status::SUCCESS {
            return Err(Failure::Status(at, status));
        }
        if self.stage == Stage::Read {
            for (offset, byte) in words(slot * BUFFER_BYTES as usize, at, bytes) {
                let (read, written) = (buffers.read64(offset), self.pattern.word(byte));
                if read != written {
                    return Err(Failure::Data {
                        at: byte,
                        read,
                        written,
                    });
                }
            }
        }
        Ok(())
    }
}

/// The quad words of a buffer at `offset` that holds `bytes` from byte `at` of the namespace on:
/// where in the buffers, and where in the namespace.
fn words(offset: usize, at: u64, bytes: u32) -> impl Iterator<Item = (usize, u64)> {
    (0..bytes as usize)
        .step_by(8)
        .map(move |byte| (offset + byte, at + byte as u64))
}
