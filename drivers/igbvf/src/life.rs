// SPDX-License-Identifier: BSD-2-Clause
//! From reset to running, and how the function is watched while it runs (§4.5, §7.10.2.9).

use core::time::Duration;

use mmio::{ABSENT32, Mmio};

use crate::memory::{Dma, Outgoing};
use crate::registers::{
    ALL_VECTORS, CTRL_RST, IVAR_VALID, QUEUE_ENABLE, Reg, Registers, STATUS_LU, VECTOR,
};
use crate::{Failure, Igbvf, MAX_FRAME};

/// How often something is looked at that the device raises no interrupt for.
const POLL: Duration = Duration::from_millis(1);
/// How long each step of the start may take. A physical function that is busy with others answers
/// within milliseconds.
const STEP_LIMIT: Duration = Duration::from_secs(2);
/// How long to wait before a request is made again that got no answer.
const REPEAT: Duration = Duration::from_millis(250);
/// How often link, mailbox and statistics are looked at while the function runs.
const WATCH: Duration = Duration::from_secs(1);
/// The same while there is no link, which somebody may wait for.
const WATCH_WITHOUT_LINK: Duration = Duration::from_millis(100);
/// The Ethernet checksum and a VLAN tag come on top of [`MAX_FRAME`].
const MAX_FRAME_ON_THE_WIRE: u32 = MAX_FRAME as u32 + 4 + 4;

/// How far the driver is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is stopped, or has not been started.
    Stopped,
    /// It is starting. Nothing is to be done before this time; asking earlier does no harm.
    Starting(Duration),
    /// It moves frames, if there is a link. It wants to be asked again at this time.
    Running {
        /// The link is up.
        link: bool,
        /// When to look at it again.
        next: Duration,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Stopped,
    /// The function is in reset, or its physical function.
    Reset,
    /// It was asked to be let in (at this time), and for its address.
    Welcome(Option<Duration>),
    /// It was asked for its largest frame.
    MaxFrame(Option<Duration>),
    /// Its queues are switching on.
    Queues,
    Running,
}

impl<R: Mmio, D: Dma, O: Outgoing> Igbvf<R, D, O> {
    /// Resets the function and starts from the beginning; [`poll`](Self::poll) goes on.
    ///
    /// # Errors
    ///
    /// [`Failure::Absent`].
    pub fn start(&mut self, now: Duration) -> Result<(), Failure> {
        self.phase = Phase::Stopped;
        self.mac = None;
        self.link = false;
        if self.registers.get(Reg::Status) == ABSENT32 {
            return Err(Failure::Absent);
        }
        self.registers.set(Reg::Eimc, ALL_VECTORS);
        self.registers.set(Reg::Ctrl, CTRL_RST);
        self.enter(Phase::Reset, now);
        Ok(())
    }

    /// Switches interrupts and queues off. What was queued may still be sent.
    pub fn stop(&mut self) {
        self.registers.set(Reg::Eimc, ALL_VECTORS);
        self.registers.set(Reg::Rxdctl, 0);
        self.registers.set(Reg::Txdctl, 0);
        self.phase = Phase::Stopped;
        self.link = false;
    }

    fn enter(&mut self, phase: Phase, now: Duration) {
        self.phase = phase;
        self.next = now.saturating_add(POLL);
        self.limit = now.saturating_add(STEP_LIMIT);
    }

    /// Goes on as far as possible at time `now`, or looks after the running function if it is time.
    ///
    /// # Errors
    ///
    /// [`Failure`]: the driver is stopped then, and may be started again.
    pub fn poll(&mut self, now: Duration) -> Result<State, Failure> {
        let result = match self.phase {
            Phase::Stopped => return Ok(State::Stopped),
            _ if now < self.next => Ok(()),
            Phase::Running => self.watch(now),
            _ => self.advance(now),
        };
        if let Err(failure) = result {
            self.stop();
            return Err(failure);
        }
        Ok(match self.phase {
            Phase::Running => State::Running {
                link: self.link,
                next: self.next,
            },
            _ => State::Starting(self.next),
        })
    }

    fn advance(&mut self, now: Duration) -> Result<(), Failure> {
        self.next = now.saturating_add(POLL);
        let late = now >= self.limit;
        let (registers, mailbox) = (&mut self.registers, &mut self.mailbox);
        match self.phase {
            Phase::Stopped | Phase::Running => {}
            Phase::Reset => {
                if registers.get(Reg::Status) == ABSENT32 {
                    return Err(Failure::Absent);
                }
                if !mailbox.in_reset(registers) {
                    mailbox.clear(registers);
                    self.enter(Phase::Welcome(None), now);
                    return self.advance(now);
                } else if late {
                    return Err(Failure::ResetStuck);
                }
            }
            Phase::Welcome(asked) => match mailbox.welcome(registers) {
                Some(mac) => {
                    self.mac = Some(mac?);
                    self.enter(Phase::MaxFrame(None), now);
                    return self.advance(now);
                }
                None if late => return Err(Failure::Silent),
                None if may_repeat(asked, now) && mailbox.ask_reset(registers) => {
                    self.phase = Phase::Welcome(Some(now));
                }
                None => {}
            },
            Phase::MaxFrame(asked) => match mailbox.max_frame(registers) {
                Some(accepted) => {
                    // Refused means that the limit stays at what it was: no longer than this.
                    let _ = accepted?;
                    self.configure();
                    self.enter(Phase::Queues, now);
                    return self.advance(now);
                }
                None if late => return Err(Failure::Silent),
                None if may_repeat(asked, now)
                    && mailbox.ask_max_frame(registers, MAX_FRAME_ON_THE_WIRE) =>
                {
                    self.phase = Phase::MaxFrame(Some(now));
                }
                None => {}
            },
            Phase::Queues => {
                let both = registers.get(Reg::Rxdctl) & registers.get(Reg::Txdctl);
                if both & QUEUE_ENABLE != 0 {
                    self.run();
                    self.enter(Phase::Running, now);
                    return self.watch(now);
                } else if late {
                    return Err(Failure::QueueStuck);
                }
            }
        }
        Ok(())
    }

    fn configure(&mut self) {
        self.receive
            .configure(&mut self.registers, &mut self.shared);
        self.transmit
            .configure(&mut self.registers, &mut self.shared);
    }

    /// The queues are on: lets the device begin.
    fn run(&mut self) {
        let registers = &mut self.registers;
        registers.set(Reg::Vtivar, IVAR_VALID);
        registers.set(Reg::VtivarMisc, IVAR_VALID);
        self.moderation.start(registers);
        self.statistics.start(registers);
        registers.set(Reg::Eicr, ALL_VECTORS);
        registers.set(Reg::Eiac, VECTOR);
        registers.set(Reg::Eims, VECTOR);
        self.transmit.start(registers, &mut self.shared);
        self.receive.start(registers);
    }

    fn watch(&mut self, now: Duration) -> Result<(), Failure> {
        let status = self.registers.get(Reg::Status);
        if status == ABSENT32 {
            return Err(Failure::Absent);
        }
        if self.mailbox.was_reset(&self.registers) || self.mailbox.forgotten(&mut self.registers) {
            return Err(Failure::Forgotten);
        }
        self.link = status & STATUS_LU != 0;
        let pause = if self.link { WATCH } else { WATCH_WITHOUT_LINK };
        self.next = now.saturating_add(pause);
        self.statistics.update(&self.registers);
        Ok(())
    }
}

fn may_repeat(asked: Option<Duration>, now: Duration) -> bool {
    asked.is_none_or(|asked| now >= asked.saturating_add(REPEAT))
}
