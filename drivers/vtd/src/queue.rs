// SPDX-License-Identifier: BSD-2-Clause
//! The invalidation queue (§6.5.2): descriptors go in, one wait at the end of each batch says
//! that all of them are done. Errors that hardware reports are cleared, repaired where that is
//! possible, and returned; a batch that returns `Ok` was carried out completely.

use mmio::Mmio;

use crate::descriptor::Descriptor;
use crate::registers::{Reg32, Reg64, Registers};
use crate::{Error, Hpa, Memory, PAGE_BYTES, Result};

const DESCRIPTOR_BYTES: u64 = 16;

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

/// Why one pass over a batch ended without success.
enum Trouble {
    Retry,
    Fatal(Error),
}

/// What a batch works on.
struct Ports<'a, R, M> {
    registers: &'a mut R,
    memory: &'a mut M,
}

type Step = core::result::Result<(), Trouble>;

/// The queue of one unit.
#[derive(Debug)]
pub struct Queue {
    ring: Hpa,
    slots: u64,
    tail: u64,
    /// Descriptors that are not known to be done: the head is read only when they fill the ring.
    outstanding: u64,
    status: Hpa,
    sequence: u32,
    polls: u32,
    counters: QueueCounters,
}

impl Queue {
    /// A queue of `1 << order` pages (256 descriptors each; `order` up to 7) and a status word.
    /// Hardware does not know of it yet: see [`address_register`](Self::address_register).
    /// `polls` bounds every wait for the hardware.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new<M: Memory>(memory: &mut M, order: u8, polls: u32) -> Result<Self> {
        let pages = 1 << order.min(7);
        let ring = memory.allocate(pages).ok_or(Error::OutOfMemory)?;
        let Some(status) = memory.allocate(1) else {
            memory.free(ring, pages);
            return Err(Error::OutOfMemory);
        };
        let slots = pages as u64 * PAGE_BYTES / DESCRIPTOR_BYTES;
        let counters = QueueCounters::default();
        Ok(Self {
            ring,
            slots,
            tail: 0,
            outstanding: 0,
            status,
            sequence: 0,
            polls,
            counters,
        })
    }

    /// What IQA_REG takes (§11.4.9.4): descriptors of 128 bits.
    pub fn address_register(&self) -> u64 {
        self.ring.0 | (self.slots / 256).trailing_zeros() as u64
    }

    /// What happened so far.
    pub fn counters(&self) -> QueueCounters {
        self.counters
    }

    /// Carries out `batch`, in order, and returns when hardware has completed all of it.
    ///
    /// # Errors
    ///
    /// [`Error::BadDescriptor`], [`Error::InvalidationFailed`], [`Error::QueueStalled`]: some of
    /// the batch may not have been done. The queue stays usable except after a stall.
    pub fn run<R: Mmio, M: Memory>(
        &mut self,
        registers: &mut R,
        memory: &mut M,
        batch: &[Descriptor],
    ) -> Result<()> {
        let mut ports = Ports { registers, memory };
        for _ in 0..ATTEMPTS {
            match self.pass(&mut ports, batch) {
                Ok(()) => {
                    self.counters.batches += 1;
                    return Ok(());
                }
                Err(Trouble::Retry) => {}
                Err(Trouble::Fatal(error)) => return Err(error),
            }
        }
        Err(Error::InvalidationFailed)
    }

    fn pass<R: Mmio, M: Memory>(
        &mut self,
        ports: &mut Ports<'_, R, M>,
        batch: &[Descriptor],
    ) -> Step {
        self.sequence = self.sequence.wrapping_add(1);
        let wait = Descriptor::wait(self.status, self.sequence);
        for &descriptor in batch.iter().chain([&wait]) {
            self.push(ports, descriptor)?;
        }
        ports
            .registers
            .set64(Reg64::Iqt, self.tail * DESCRIPTOR_BYTES);
        self.until(ports, |queue, ports| {
            ports.memory.read64(queue.status) as u32 == queue.sequence
        })?;
        self.outstanding = 0;
        Ok(())
    }

    /// Puts one descriptor at the tail; hands over what is there and waits if the queue is full.
    fn push<R: Mmio, M: Memory>(
        &mut self,
        ports: &mut Ports<'_, R, M>,
        descriptor: Descriptor,
    ) -> Step {
        // One slot stays empty: a ring with head and tail equal is an empty one.
        if self.outstanding == self.slots - 1 {
            self.make_room(ports)?;
        }
        self.write(ports.memory, self.tail, descriptor);
        self.counters.descriptors += 1;
        self.outstanding += 1;
        self.tail = (self.tail + 1) % self.slots;
        Ok(())
    }

    fn write<M: Memory>(&self, memory: &mut M, slot: u64, descriptor: Descriptor) {
        let at = self.ring.add(slot * DESCRIPTOR_BYTES);
        memory.write64(at, descriptor.low);
        memory.write64(at.add(8), descriptor.high);
    }

    fn make_room<R: Mmio, M: Memory>(&mut self, ports: &mut Ports<'_, R, M>) -> Step {
        self.outstanding = self.in_ring(ports.registers);
        if self.outstanding == self.slots - 1 {
            self.counters.full += 1;
            ports
                .registers
                .set64(Reg64::Iqt, self.tail * DESCRIPTOR_BYTES);
            self.until(ports, |queue, ports| {
                queue.in_ring(ports.registers) < queue.slots - 1
            })?;
            self.outstanding = self.in_ring(ports.registers);
        }
        Ok(())
    }

    /// Descriptors that hardware has not fetched.
    fn in_ring<R: Mmio>(&self, registers: &R) -> u64 {
        (self.tail + self.slots - self.head(registers)) % self.slots
    }

    /// IQH_REG as a slot number.
    fn head<R: Mmio>(&self, registers: &R) -> u64 {
        registers.reg64(Reg64::Iqh) / DESCRIPTOR_BYTES % self.slots
    }

    /// Polls until `done`. On the way it repairs what hardware complains of, and reports it
    /// only once `done` holds, so that the queue is in order again.
    fn until<R: Mmio, M: Memory>(
        &mut self,
        ports: &mut Ports<'_, R, M>,
        done: impl Fn(&Self, &Ports<'_, R, M>) -> bool,
    ) -> Step {
        let mut refused = None;
        for _ in 0..self.polls {
            // The status is read before the errors: an error that comes with a completion is
            // then not lost.
            let finished = done(self, ports);
            let faults = ports.registers.reg32(Reg32::Fsts);
            if faults & IQE != 0 {
                refused = Some(self.repair(ports));
            } else if faults & (ITE | ICE) != 0 {
                self.counters.timeouts += u64::from(faults & ITE != 0);
                self.counters.wrong += u64::from(faults & ICE != 0);
                // Waits that were under way are lost (§6.5.2.10): only a new one tells the end.
                ports.registers.set32(Reg32::Fsts, faults & (ITE | ICE));
                return Err(Trouble::Retry);
            } else if finished {
                return refused.map_or(Ok(()), |error| Err(Trouble::Fatal(error)));
            }
            core::hint::spin_loop();
        }
        Err(Trouble::Fatal(refused.unwrap_or(Error::QueueStalled)))
    }

    /// Hardware stopped at a descriptor that it does not take: puts one there that does nothing,
    /// and lets it go on.
    fn repair<R: Mmio, M: Memory>(&mut self, ports: &mut Ports<'_, R, M>) -> Error {
        self.counters.refused += 1;
        let slot = self.head(ports.registers);
        let at = self.ring.add(slot * DESCRIPTOR_BYTES);
        let error = Error::BadDescriptor(ports.memory.read64(at));
        self.write(ports.memory, slot, Descriptor::nothing());
        ports.registers.set32(Reg32::Fsts, IQE);
        error
    }
}
