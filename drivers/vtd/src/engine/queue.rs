// SPDX-License-Identifier: BSD-2-Clause
//! The invalidation queue (§6.5.2): descriptors go in, one wait at the end of each batch says
//! that all of them are done. Errors that hardware reports are cleared, repaired where that is
//! possible, and returned; a batch that returns `Ok` was carried out completely.

use mmio::{Mmio, Registers};

use super::Engine;
use crate::descriptor::Descriptor;
use crate::memory::Tables;
use crate::registers::{FSTS, IQH, IQT};
use crate::{Error, Hpa, PAGE_BYTES, Result};

const DESCRIPTOR_BYTES: u64 = 16;
/// Descriptors in the ring, which is a page. A batch has a handful.
const SLOTS: u64 = PAGE_BYTES / DESCRIPTOR_BYTES;

/// FSTS: the queue refused a descriptor, completed wrongly, timed out (§11.4.7.1).
const IQE: u32 = 1 << 4;
const ICE: u32 = 1 << 5;
const ITE: u32 = 1 << 6;

/// How often a batch is repeated after a time-out or a wrong completion.
const ATTEMPTS: usize = 3;

/// What the queue has been through since it was set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounters {
    /// Batches that were carried out.
    pub batches: u64,
    /// Descriptors written, waits included.
    pub descriptors: u64,
    /// Times that the queue was full and had to be waited for.
    pub full: u64,
    /// Refused descriptors (IQE).
    pub refused: u64,
    /// Wrong completions (ICE).
    pub wrong: u64,
    /// Time-outs (ITE).
    pub timeouts: u64,
}

/// The queue of one unit.
#[derive(Debug)]
pub(super) struct Queue {
    pub ring: Hpa,
    status: Hpa,
    tail: u64,
    /// Descriptors that are not known to be done: the head is read only when they fill the ring.
    outstanding: u64,
    sequence: u32,
    counters: QueueCounters,
}

impl Queue {
    /// A queue and a status word, which hardware does not know of yet.
    pub fn new(tables: &mut Tables) -> Result<Self> {
        Ok(Self {
            ring: tables.allocate(1)?,
            status: tables.allocate(1)?,
            tail: 0,
            outstanding: 0,
            sequence: 0,
            counters: QueueCounters::default(),
        })
    }

    fn slot(&self, number: u64) -> Hpa {
        self.ring.add(number % SLOTS * DESCRIPTOR_BYTES)
    }

    fn write(&self, tables: &mut Tables, slot: u64, descriptor: Descriptor) {
        let at = self.slot(slot);
        tables.memory.write64(at, descriptor.low);
        tables.memory.write64(at.add(8), descriptor.high);
    }

    /// Descriptors that hardware has not fetched.
    fn waiting(&self, registers: &impl Mmio) -> u64 {
        let head = registers.get(IQH) / DESCRIPTOR_BYTES % SLOTS;
        (self.tail + SLOTS - head) % SLOTS
    }
}

impl<R: Mmio> Engine<R> {
    /// What the invalidation queue has been through.
    pub fn queue_counters(&self) -> QueueCounters {
        self.queue.counters
    }

    /// Carries out `batch`, in order, after what hardware needs to see the tables; returns when it
    /// has completed all of it.
    ///
    /// # Errors
    ///
    /// [`Error::Stuck`], [`Error::BadDescriptor`], [`Error::InvalidationFailed`],
    /// [`Error::QueueStalled`]: some of the batch may not have been done. The queue stays usable
    /// except after a stall.
    pub(crate) fn invalidate(&mut self, tables: &mut Tables, batch: &[Descriptor]) -> Result<()> {
        self.publish()?;
        for _ in 0..ATTEMPTS {
            if self.attempt(tables, batch)? {
                self.queue.counters.batches += 1;
                return Ok(());
            }
        }
        Err(Error::InvalidationFailed)
    }

    /// Whether the batch was carried out; if not, it is to be tried again.
    fn attempt(&mut self, tables: &mut Tables, batch: &[Descriptor]) -> Result<bool> {
        let length = batch.len() as u64 + 1;
        // One slot stays empty: a ring with head and tail equal is an empty one.
        if self.queue.outstanding + length >= SLOTS {
            self.queue.counters.full += 1;
            self.hand_over();
            let has_room = |engine: &Self, _: &Tables| {
                engine.queue.waiting(&engine.unit.registers) + length < SLOTS
            };
            if !self.until(tables, has_room)? {
                return Ok(false);
            }
            self.queue.outstanding = self.queue.waiting(&self.unit.registers);
        }
        let queue = &mut self.queue;
        queue.sequence = queue.sequence.wrapping_add(1);
        let wait = Descriptor::wait(queue.status, queue.sequence);
        for &descriptor in batch.iter().chain([&wait]) {
            queue.write(tables, queue.tail, descriptor);
            queue.tail = (queue.tail + 1) % SLOTS;
        }
        queue.counters.descriptors += length;
        queue.outstanding += length;
        self.hand_over();
        let done = self.until(tables, |engine, tables| {
            tables.memory.read64(engine.queue.status) as u32 == engine.queue.sequence
        })?;
        if done {
            self.queue.outstanding = 0;
        }
        Ok(done)
    }

    /// Tells hardware how far descriptors have been written.
    fn hand_over(&mut self) {
        let tail = self.queue.tail * DESCRIPTOR_BYTES;
        self.unit.registers.set(IQT, tail);
    }

    /// Polls until `done`, and says `false` if the batch has to be tried again. On the way it
    /// repairs what hardware complains of, and reports it only once `done` holds, so that the
    /// queue is in order again.
    fn until(
        &mut self,
        tables: &mut Tables,
        done: impl Fn(&Self, &Tables) -> bool,
    ) -> Result<bool> {
        let mut refused = None;
        for _ in 0..self.config.polls {
            // The status is read before the errors: an error that comes with a completion is
            // then not lost.
            let finished = done(self, tables);
            let faults = self.unit.registers.get(FSTS);
            if faults & IQE != 0 {
                refused = Some(self.repair(tables));
            } else if faults & (ITE | ICE) != 0 {
                self.queue.counters.timeouts += u64::from(faults & ITE != 0);
                self.queue.counters.wrong += u64::from(faults & ICE != 0);
                // Waits that were under way are lost (§6.5.2.10): only a new one tells the end.
                self.unit.registers.set(FSTS, faults & (ITE | ICE));
                return Ok(false);
            } else if finished {
                return refused.map_or(Ok(true), Err);
            }
            core::hint::spin_loop();
        }
        Err(refused.unwrap_or(Error::QueueStalled))
    }

    /// Hardware stopped at a descriptor that it does not take: puts one there that does nothing,
    /// and lets it go on.
    fn repair(&mut self, tables: &mut Tables) -> Error {
        self.queue.counters.refused += 1;
        let head = self.unit.registers.get(IQH) / DESCRIPTOR_BYTES;
        let error = Error::BadDescriptor(tables.memory.read64(self.queue.slot(head)));
        self.queue.write(tables, head, Descriptor::nothing());
        self.unit.registers.set(FSTS, IQE);
        error
    }
}
