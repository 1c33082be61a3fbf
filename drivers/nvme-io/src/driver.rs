// SPDX-License-Identifier: BSD-2-Clause
//! The driver: from whatever state to one in which commands are taken, and the commands.

use core::time::Duration;

use mmio::{ABSENT32, Mmio, Registers};
use nvme::{Admin, Dma, Error, NamespaceId, Progress, Result, Startup, Status};

use crate::layout::{COMPLETIONS, IO_DMA_BYTES, SUBMISSIONS, list};
use crate::ring::{Ring, Tag};
use crate::setup::{Queues, Setup};
use crate::{Geometry, Refused, Transfer, transfer};

/// How often the controller's state is looked at while it runs.
const WATCH: Duration = Duration::from_secs(1);
const CC_ENABLE: u32 = 1;
const CSTS_FATAL: u32 = 1 << 1;

/// How far the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is stopped, or has not been started.
    Stopped,
    /// It is starting. Nothing is to be done before this time; asking earlier does no harm.
    Starting(Duration),
    /// It is about to make queues that raise an interrupt: that is to be switched on now, neither
    /// earlier (§3.1.3: masks of other kinds of interrupts are written before) nor later.
    Interrupts,
    /// It takes commands. It wants to be asked again at this time.
    Running(Duration),
}

/// A command that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    /// Which.
    pub tag: Tag,
    /// How it went.
    pub status: Status,
}

#[derive(Debug)]
enum Phase {
    Stopped,
    Starting(Startup, NamespaceId),
    /// With the vector, until it was asked for.
    Setting(Admin, Setup, Ring, Option<u16>),
    Running(Ring, Geometry, Duration),
}

/// A controller. `R` is its BAR 0, `D` is memory for queues.
#[derive(Debug)]
pub struct NvmeIo<R, D> {
    registers: R,
    memory: D,
    vector: Option<u16>,
    phase: Phase,
}

impl<R: Mmio, D: Dma> NvmeIo<R, D> {
    /// A driver that is stopped, whatever the controller does. Completions are to raise interrupt
    /// `vector` of the controller's MSI-X table, or are found by asking.
    ///
    /// # Errors
    ///
    /// [`Error::Memory`]: `memory` has less than [`IO_DMA_BYTES`], or is not aligned.
    pub fn new(registers: R, memory: D, vector: Option<u16>) -> Result<Self> {
        let address = memory.bus_address();
        let end = address.checked_add(IO_DMA_BYTES as u64);
        if !address.is_multiple_of(4096) || memory.size() < IO_DMA_BYTES || end.is_none() {
            return Err(Error::Memory);
        }
        Ok(Self {
            registers,
            memory,
            vector,
            phase: Phase::Stopped,
        })
    }

    /// Stops whatever the controller is doing and starts it for this namespace;
    /// [`poll`](Self::poll) goes on. Its interrupts are to be off until [`State::Interrupts`].
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Unsuitable`], [`Error::Memory`].
    pub fn start(&mut self, namespace: NamespaceId, now: Duration) -> Result<()> {
        self.phase = Phase::Stopped;
        let startup = Startup::start(&mut self.registers, &self.memory, now)?;
        self.phase = Phase::Starting(startup, namespace);
        Ok(())
    }

    /// Gives all commands up and switches the controller off. It may still write to memory until
    /// it is reset.
    pub fn stop(&mut self) {
        self.phase = Phase::Stopped;
        let control = self.registers.get(nvme::CC);
        if control != ABSENT32 {
            self.registers.set(nvme::CC, control & !CC_ENABLE);
        }
    }

    /// What the namespace is, once the driver runs.
    pub fn geometry(&self) -> Option<Geometry> {
        match self.phase {
            Phase::Running(_, geometry, _) => Some(geometry),
            _ => None,
        }
    }

    /// The controller's registers, for its MSI-X table.
    pub fn registers(&mut self) -> &mut R {
        &mut self.registers
    }

    /// How many commands are under way.
    pub fn under_way(&self) -> usize {
        match &self.phase {
            Phase::Running(ring, ..) => ring.under_way(),
            _ => 0,
        }
    }

    /// Goes on as far as possible at time `now`, or looks after the running controller if it is
    /// time.
    ///
    /// # Errors
    ///
    /// Why the controller cannot be used: the driver is stopped then, and may be started again.
    pub fn poll(&mut self, now: Duration) -> Result<State> {
        let result = self.advance(now);
        if result.is_err() {
            self.stop();
        }
        result
    }

    fn advance(&mut self, now: Duration) -> Result<State> {
        let Self {
            registers,
            memory,
            vector,
            phase,
        } = self;
        loop {
            match phase {
                Phase::Stopped => return Ok(State::Stopped),
                Phase::Starting(startup, namespace) => {
                    match startup.poll(registers, memory, now)? {
                        Progress::Wait(next) => return Ok(State::Starting(next)),
                        Progress::Done(admin) => {
                            let base = memory.bus_address();
                            let queues = Queues {
                                submissions: base + SUBMISSIONS as u64,
                                completions: base + COMPLETIONS as u64,
                                vector: *vector,
                            };
                            let setup = Setup::new(*namespace, queues);
                            let ring = Ring::new(registers, memory)?;
                            *phase = Phase::Setting(admin, setup, ring, *vector);
                        }
                    }
                }
                Phase::Setting(admin, setup, _, vector) => {
                    if vector.take().is_some() {
                        return Ok(State::Interrupts);
                    }
                    let geometry = match admin.run(registers, memory, setup, now)? {
                        Progress::Wait(next) => return Ok(State::Starting(next)),
                        Progress::Done(geometry) => geometry,
                    };
                    if let Phase::Setting(_, _, ring, _) = core::mem::replace(phase, Phase::Stopped)
                    {
                        *phase = Phase::Running(ring, geometry, now);
                    }
                }
                Phase::Running(ring, _, watch) => {
                    if now >= *watch {
                        let status = registers.get(nvme::CSTS);
                        if status == ABSENT32 {
                            return Err(Error::Absent);
                        }
                        if status & CSTS_FATAL != 0 {
                            return Err(Error::Fatal);
                        }
                        *watch = now.saturating_add(WATCH);
                    }
                    let limit = ring.limit();
                    if let Some((_, opcode)) = limit.filter(|(limit, _)| now >= *limit) {
                        return Err(Error::Timeout(opcode));
                    }
                    let limit = limit.map_or(Duration::MAX, |(limit, _)| limit);
                    return Ok(State::Running(limit.min(*watch)));
                }
            }
        }
    }

    /// Takes a transfer. The memory belongs to the controller until the command is done, and
    /// longer if the driver is stopped before: until the function was reset.
    ///
    /// # Errors
    ///
    /// [`Refused`].
    pub fn transfer(
        &mut self,
        transfer: Transfer,
        now: Duration,
    ) -> core::result::Result<Tag, Refused> {
        let Phase::Running(ring, geometry, _) = &mut self.phase else {
            return Err(Refused::Stopped);
        };
        let bytes = transfer.check(geometry)?;
        let slot = ring.free().ok_or(Refused::Busy)?;
        let namespace = geometry.namespace.0;
        let words = transfer.command(namespace, bytes, &mut self.memory, list(slot));
        Ok(ring.submit(&mut self.memory, slot, words, now))
    }

    /// Asks that all writes that are done become durable.
    ///
    /// # Errors
    ///
    /// [`Refused::Stopped`], [`Refused::Busy`].
    pub fn flush(&mut self, now: Duration) -> core::result::Result<Tag, Refused> {
        let Phase::Running(ring, geometry, _) = &mut self.phase else {
            return Err(Refused::Stopped);
        };
        let slot = ring.free().ok_or(Refused::Busy)?;
        let words = transfer::flush(geometry.namespace.0);
        Ok(ring.submit(&mut self.memory, slot, words, now))
    }

    /// Shows the controller all commands that were taken since, and the room that completions
    /// left: to be called at the end of every pass.
    pub fn announce(&mut self) {
        if let Phase::Running(ring, ..) = &mut self.phase {
            ring.announce(&mut self.registers);
        }
    }

    /// The next command that is done, in any order.
    ///
    /// # Errors
    ///
    /// [`Error::Completion`]: the driver is stopped then.
    pub fn completion(&mut self) -> Result<Option<Done>> {
        let Phase::Running(ring, ..) = &mut self.phase else {
            return Ok(None);
        };
        match ring.completion(&self.memory) {
            Ok(done) => Ok(done.map(|(tag, status)| Done { tag, status })),
            Err(error) => {
                self.stop();
                Err(error)
            }
        }
    }
}
