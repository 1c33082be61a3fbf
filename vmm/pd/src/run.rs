// SPDX-License-Identifier: BSD-2-Clause
//! The loop: enter the guest, do what its exits ask for, sleep while it does.

use core::convert::Infallible;

use sel4_microkit::ipc::{Event, recv};
use sel4_microkit::{Channel, ChannelSet, Handler};
use sel4_vcpu::{Context, Ended, Vcpu, reason};
use vmm_base::Gpa;
use vmm_control::{Control, End, Life, Page, Phase, Policy, Watchdog};
use vmm_core::{Next, Stop};

use crate::apic::Apic;
use crate::bus::{CONSOLE, NETWORK};
use crate::config::Config;
use crate::cpu::tsc;
use crate::end::end;
use crate::machine::{Failure, Guest, GuestMachine, build};
use crate::time::Time;

/// Stands in for the page of a guest that the console does not know of.
static UNWATCHED: Page = Page::new();

/// A guest's life.
pub struct Vmm {
    config: Config,
    console: Option<Channel>,
    time: Time,
    control: Control<'static>,
    life: Life,
    watchdog: Watchdog,
    /// When to look at a guest that goes on executing, by the time-stamp counter.
    look_at: u64,
    /// Exits that the guest made, so those not that were made to look at it.
    exits: u64,
    /// The channel by which frames are announced.
    frames: Option<Channel>,
}

/// Why the guest runs no more.
enum Ending {
    /// Of its own. The other is what more there is to tell of it.
    Guest(End, Option<Stop>),
    /// By a command, which is obeyed already.
    Command,
}

impl Ending {
    /// The guest stopped at this instruction.
    fn stop(stop: Stop, rip: u64) -> Self {
        let more = Some(stop).filter(Stop::has_more_to_tell);
        Self::Guest(end(stop, rip), more)
    }
}

impl Vmm {
    pub fn new(config: Config, console: Option<Channel>, time: Time) -> Self {
        let page = config.control.unwrap_or(&UNWATCHED);
        Self {
            control: Control::attach(page, time.hz()),
            life: Life::new(Policy {
                restarts: config.restarts,
            }),
            watchdog: Watchdog::new(0),
            look_at: u64::MAX,
            exits: 0,
            config,
            console,
            time,
            frames: None,
        }
    }

    /// Starts guests, one after the other, as long as there is reason to.
    fn live(&mut self) -> ! {
        self.life.begin();
        loop {
            if self.life.is_running() {
                self.start_and_run();
            } else {
                let Event::Notified(_) = recv() else { continue };
                self.obey();
            }
        }
    }

    /// One life of the guest.
    fn start_and_run(&mut self) {
        if self.control.is_used() {
            // The life before ended somewhere, also if this program's did. All of it is there.
            let _ = self.config.ram.clear(Gpa(0), self.config.ram.size());
        }
        let patience = u128::from(self.config.watchdog_ms) * u128::from(self.time.hz()) / 1_000;
        self.watchdog = Watchdog::new(u64::try_from(patience).unwrap_or(0));
        self.look_at = if patience == 0 { u64::MAX } else { tsc() };
        self.exits = 0;
        self.control.started(tsc());
        let apic = Apic::new(Vcpu::new(0));
        let ending = match build(&self.config, self.time.hz(), &apic) {
            Ok(mut guest) => self.run(&mut guest),
            Err(Failure::Stop(stop)) => Ending::stop(stop, 0),
            Err(failure) => {
                log::error!("{failure}");
                Ending::Guest(End::CannotStart, None)
            }
        };
        if let Ending::Guest(end, more) = ending {
            self.control.ended(end, tsc());
            let next = self.life.ended(end);
            match more {
                Some(Stop::Unsupported { what, .. }) => log::warn!("{next}: {what}"),
                Some(more) => log::warn!("{next}: {more}"),
                None if end.is_wanted() => log::info!("{next}"),
                None => log::warn!("{next}"),
            }
        }
    }

    /// Runs the guest until it ends.
    fn run(&mut self, guest: &mut Guest<'_>) -> Ending {
        let vcpu = Vcpu::new(0);
        self.frames = guest.frames;
        let apic = guest.apic;
        let (machine, context) = (&mut guest.machine, &mut guest.context);
        loop {
            let deadline = machine.deadline().unwrap_or(u64::MAX);
            context.exit_at(deadline.min(self.look_at));
            if apic.enter(context) || context.event.is_interrupt() {
                self.control.count_injected();
            }
            self.control.switch(Phase::Guest, tsc());
            let ended = vcpu.enter(context);
            apic.exited(context);
            self.control.switch(Phase::Vmm, tsc());
            let next = match ended {
                Ended::Exit => {
                    let reason = context.reason as u32;
                    self.control.count_exit(reason);
                    if reason != reason::PREEMPTION_TIMER {
                        self.exits = self.exits.wrapping_add(1);
                    } else if self.hangs(context) {
                        return Ending::Guest(End::Hang { rip: context.rip }, None);
                    }
                    let next = machine.exit(context);
                    if let Some(access) = machine.platform().take_access() {
                        self.control.count(access);
                    }
                    next
                }
                Ended::Notification(badge) => {
                    if !self.notified(machine, ChannelSet::from_badge(badge)) {
                        return Ending::Command;
                    }
                    machine.notified(context)
                }
                Ended::NoVcpu => Err(Stop::Kernel(sel4::Error::InvalidCapability)),
            };
            let next = match next {
                Ok(Next::Wait) => self.wait(machine, context),
                Ok(Next::Enter) => Ok(()),
                Err(stop) => Err(Ending::stop(stop, context.rip)),
            };
            if let Err(ending) = next {
                return ending;
            }
        }
    }

    /// Looks whether the guest hangs, if it is time to.
    #[cold]
    fn hangs(&mut self, context: &Context) -> bool {
        const INTERRUPT_FLAG: u64 = 1 << 9;
        let executed = self.control.guest_ticks();
        let off = context.rflags & INTERRUPT_FLAG == 0;
        let due = executed >= self.watchdog.next();
        let hangs = due && self.watchdog.look(executed, self.exits, off);
        // If it sleeps meanwhile, this is too early, and nothing is lost.
        self.look_at = tsc().saturating_add(self.watchdog.next().saturating_sub(executed));
        hangs
    }

    /// Sleeps until the guest has something to do.
    #[inline(never)]
    fn wait(
        &mut self,
        machine: &mut GuestMachine<'_>,
        context: &mut Context,
    ) -> Result<(), Ending> {
        loop {
            self.control.switch(Phase::Idle, tsc());
            if self.time.wake_at(machine.deadline())
                && let Event::Notified(channels) = recv()
                && !self.notified(machine, channels)
            {
                return Err(Ending::Command);
            }
            self.control.switch(Phase::Vmm, tsc());
            match machine.notified(context) {
                Ok(Next::Wait) => {}
                Ok(Next::Enter) => return Ok(()),
                Err(stop) => return Err(Ending::stop(stop, context.rip)),
            }
        }
    }

    /// Brings to the guest what came from outside. Does it go on? Else a command ended it.
    fn notified(&mut self, machine: &mut GuestMachine<'_>, channels: ChannelSet) -> bool {
        let came = |channel: Option<Channel>| channel.is_some_and(|one| channels.contains(one));
        if self.time.is_of(channels) {
            self.time.woken();
        }
        if came(self.console) {
            let pc = machine.platform();
            match pc.pci().function_mut(CONSOLE) {
                Some(console) if console.is_up() => console.serve(),
                _ => pc.take_input(),
            }
        }
        if came(self.frames)
            && let Some(adapter) = machine.platform().pci().function_mut(NETWORK)
        {
            adapter.serve();
        }
        self.obey()
    }

    /// Obeys the command that waits. Does the guest go on as it was?
    fn obey(&mut self) -> bool {
        let Some((command, word)) = self.control.command() else {
            return true;
        };
        let next = self.life.command(command);
        if !self.life.is_running() {
            self.control.stopped(tsc());
        }
        // Before anybody reads of it: the next command may come at once.
        self.control.obeyed(word);
        log::info!("{next}");
        !next.is_change()
    }
}

impl Handler for Vmm {
    type Error = Infallible;

    fn run(&mut self) -> Result<sel4_microkit::Never, Infallible> {
        self.live()
    }
}
