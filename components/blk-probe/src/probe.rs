// SPDX-License-Identifier: BSD-2-Clause
//! From the claim of the function to one round after another.

use core::time::Duration;

use mmio::Mmio;
use nvme_io::{Direction, Dma, Error, NamespaceId, NvmeIo, State, Tag, Transfer};
use pci::Bdf;
use pf_manager_interface::{Call, Driver, Event, Info, Owner};

use crate::interrupt::{VECTOR, arm, disarm};
use crate::reads::Reads;
use crate::round::Round;
use crate::{BUFFER_BYTES, BUFFERS, Buffers, Command, Failure, Report};

/// So many failures in a row are followed by a reset; then it waits to be told.
const TRIES: u32 = 3;
/// So many changes of ownership are looked at in one pass.
const EVENTS: usize = 4;

/// Everything. `C` reaches the PF manager, `R` is the controller's BAR 0, `D` memory for its queues.
#[derive(Debug)]
pub struct Probe<C, R, D, B> {
    owner: Owner<C>,
    driver: NvmeIo<R, D>,
    buffers: B,
    /// What was granted, while it is.
    info: Option<Info>,
    /// The controller runs.
    ready: bool,
    round: Option<Round>,
    reads: Option<Reads>,
    /// So many reads are to be measured when nothing else is under way.
    reads_wanted: Option<usize>,
    /// A command that oversteps.
    overstep: Option<Tag>,
    /// Rounds so far.
    rounds: u64,
    wanted: Wanted,
    failures: u32,
    interrupts: u64,
}

/// Rounds that are to come besides the one under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    None,
    One,
    All,
}

impl<C: Call, R: Mmio, D: Dma, B: Buffers> Probe<C, R, D, B> {
    /// One that has not claimed its function yet. Each time that it gets it, it does a round.
    ///
    /// # Errors
    ///
    /// [`Error::Memory`]: not enough for the queues or for the buffers.
    pub fn new(channel: C, registers: R, queues: D, buffers: B) -> Result<Self, Error> {
        let bytes = BUFFERS * BUFFER_BYTES as usize;
        let end = buffers.bus_address().checked_add(bytes as u64);
        if buffers.size() < bytes || end.is_none() {
            return Err(Error::Memory);
        }
        Ok(Self {
            owner: Owner::new(channel),
            driver: NvmeIo::new(registers, queues, Some(VECTOR))?,
            buffers,
            info: None,
            ready: false,
            round: None,
            reads: None,
            reads_wanted: None,
            overstep: None,
            rounds: 0,
            wanted: Wanted::One,
            failures: 0,
            interrupts: 0,
        })
    }

    /// The controller's interrupt has come.
    pub fn interrupt(&mut self) {
        self.interrupts = self.interrupts.wrapping_add(1);
    }

    /// Obeys a command. The next [`poll`](Self::poll) goes on.
    pub fn obey(&mut self, command: Command, now: Duration, tell: &mut impl FnMut(Report)) {
        match command {
            Command::Again => self.want(Wanted::One, tell),
            Command::Loop => self.want(Wanted::All, tell),
            Command::Stop => self.wanted = Wanted::None,
            Command::Read(count) => self.reads_wanted = Some(count),
            Command::Reset => self.reset(tell),
            Command::Cycle => self.cycle(tell),
            Command::Overstep(direction, address) => {
                if let Err(failure) = self.overstep(direction, address, now) {
                    tell(Report::Failed(failure));
                }
            }
            Command::Nothing | Command::Help | Command::Unknown => {}
        }
    }

    fn want(&mut self, wanted: Wanted, tell: &mut impl FnMut(Report)) {
        self.wanted = wanted;
        if self.failures >= TRIES {
            self.failures = 0;
            self.reset(tell);
        }
    }

    /// Goes on as far as possible at time `now`. `asked`: the PF manager has notified, or it is the
    /// beginning. Returns when to be called at the latest, if nothing else happens.
    pub fn poll(
        &mut self,
        now: Duration,
        asked: bool,
        tell: &mut impl FnMut(Report),
    ) -> Option<Duration> {
        if asked || self.owner.next().is_some_and(|at| now >= at) {
            for _ in 0..EVENTS {
                let Some(event) = self.owner.poll(now) else {
                    break;
                };
                if let Err(failure) = self.owned(event, now, tell) {
                    self.failed(failure, tell);
                }
            }
        }
        let next = match self.advance(now, tell) {
            Ok(next) => next,
            Err(failure) => {
                self.failed(failure, tell);
                None
            }
        };
        [next, self.owner.next()].into_iter().flatten().min()
    }

    fn owned(
        &mut self,
        event: Event,
        now: Duration,
        tell: &mut impl FnMut(Report),
    ) -> Result<(), Failure> {
        self.idle();
        match event {
            Event::Granted(info) => {
                tell(Report::Granted(info));
                if self.wanted == Wanted::None {
                    self.wanted = Wanted::One;
                }
                if info.driver != Driver::Nvme || info.namespace == 0 || info.handles().is_empty() {
                    return Err(Failure::Grant);
                }
                disarm(self.owner.manager(), Bdf(info.requester))?;
                self.driver.start(NamespaceId(info.namespace), now)?;
                self.info = Some(info);
            }
            Event::Lost(query) => tell(Report::Lost(query)),
            Event::Refused(refusal) => tell(Report::Refused(refusal)),
        }
        Ok(())
    }

    /// Nothing is under way any more.
    fn idle(&mut self) {
        self.driver.stop();
        (self.info, self.ready) = (None, false);
        (self.round, self.reads, self.overstep) = (None, None, None);
    }

    fn advance(
        &mut self,
        now: Duration,
        tell: &mut impl FnMut(Report),
    ) -> Result<Option<Duration>, Failure> {
        let next = loop {
            match self.driver.poll(now)? {
                State::Stopped => return Ok(None),
                State::Starting(next) => return Ok(Some(next)),
                State::Interrupts => self.arm()?,
                State::Running(next) => break next,
            }
        };
        let Some(geometry) = self.driver.geometry() else {
            return Ok(Some(next));
        };
        if !core::mem::replace(&mut self.ready, true) {
            tell(Report::Ready(geometry));
        }
        if self.round.is_none() && self.reads.is_none() {
            while let Some(done) = self.driver.completion()? {
                if self.overstep.take_if(|tag| *tag == done.tag).is_some() {
                    tell(Report::Overstepped(done.status));
                }
            }
            self.driver.announce();
        }
        let idle = self.round.is_none() && self.driver.under_way() == 0;
        if idle && self.reads.is_none() {
            let count = self.reads_wanted.take();
            self.reads = count.map(|count| Reads::new(geometry, count, now, self.interrupts));
        }
        if let Some(reads) = &mut self.reads {
            let latencies = reads.advance(&mut self.driver, &self.buffers, now, self.interrupts)?;
            if let Some(latencies) = latencies {
                tell(Report::Read(latencies));
                self.reads = None;
                return Ok(Some(now));
            }
            return Ok(Some(next));
        }
        if idle && self.wanted != Wanted::None {
            if self.wanted == Wanted::One {
                self.wanted = Wanted::None;
            }
            self.rounds = self.rounds.wrapping_add(1);
            self.round = Some(Round::new(geometry, self.rounds, now, self.interrupts));
        }
        let Some(round) = &mut self.round else {
            return Ok(Some(next));
        };
        let (driver, buffers) = (&mut self.driver, &mut self.buffers);
        if let Some(verified) = round.advance(driver, buffers, now, self.interrupts)? {
            tell(Report::Verified(verified));
            self.failures = 0;
            self.round = None;
            if self.wanted != Wanted::None {
                return Ok(Some(now));
            }
        }
        Ok(Some(next))
    }

    /// Lets the controller interrupt.
    fn arm(&mut self) -> Result<(), Failure> {
        let info = self.info.ok_or(Failure::Grant)?;
        let handle = *info.handles().first().ok_or(Failure::Grant)?;
        let function = Bdf(info.requester);
        let registers = self.driver.registers();
        arm(self.owner.manager(), function, handle, registers)
    }

    fn failed(&mut self, failure: Failure, tell: &mut impl FnMut(Report)) {
        tell(Report::Failed(failure));
        self.idle();
        // A reset makes no other function of it.
        let more = if failure == Failure::Grant { TRIES } else { 1 };
        self.failures = self.failures.saturating_add(more);
        if self.failures < TRIES {
            self.reset(tell);
        } else {
            tell(Report::GivenUp);
        }
    }

    fn reset(&mut self, tell: &mut impl FnMut(Report)) {
        self.idle();
        if let Err(error) = self.owner.reset() {
            tell(Report::Failed(Failure::Manager(error)));
        }
    }

    fn cycle(&mut self, tell: &mut impl FnMut(Report)) {
        self.idle();
        if let Err(error) = self.owner.give_up() {
            tell(Report::Failed(Failure::Manager(error)));
        }
    }

    /// One block, from or to an address that is not ours. The round under way is left.
    fn overstep(
        &mut self,
        direction: Direction,
        address: u64,
        now: Duration,
    ) -> Result<(), Failure> {
        (self.round, self.reads) = (None, None);
        let transfer = Transfer {
            direction,
            block: 0,
            blocks: 1,
            address,
        };
        self.overstep = Some(self.driver.transfer(transfer, now)?);
        self.driver.announce();
        Ok(())
    }
}
