// SPDX-License-Identifier: BSD-2-Clause
//! The loop: enter the guest, do what its exits ask for, sleep while it does.

use core::convert::Infallible;

use sel4_microkit::ipc::{Event, recv};
use sel4_microkit::{Channel, ChannelSet, Handler};
use sel4_vcpu::{Context, Ended, Vcpu};
use vmm_control::{Control, Life, Page, Phase, Policy};
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
    /// The channel by which frames are announced.
    frames: Option<Channel>,
}

impl Vmm {
    pub fn new(config: Config, console: Option<Channel>, time: Time) -> Self {
        let page = config.control.map_or(&UNWATCHED, |(page, _)| page);
        Self {
            control: Control::attach(page, time.hz()),
            life: Life::new(Policy {
                restarts: config.restarts,
            }),
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
        self.control.started(tsc());
        let apic = Apic::new(Vcpu::new(0));
        let (stop, rip) = match build(&self.config, self.time.hz(), &apic) {
            Ok(mut guest) => {
                let stop = self.run(&mut guest);
                (stop, guest.context.rip)
            }
            Err(Failure::Stop(stop)) => (Some(stop), 0),
            Err(failure) => {
                log::error!("{failure}");
                (None, 0)
            }
        };
        // Without a reason it was a command, which is obeyed already.
        if self.life.is_running() {
            if let Some(stop) = stop.filter(Stop::has_more_to_tell) {
                log::error!("{stop}");
            }
            let end = end(stop, rip);
            self.control.ended(end, tsc());
            log::info!("{}", self.life.ended(end));
        }
        self.forget();
    }

    /// The next life starts with memory as new.
    fn forget(&self) {
        let ram = self.config.ram;
        // All of it is there.
        let _ = ram.clear(vmm_base::Gpa(0), ram.size());
    }

    /// Runs the guest until it ends, or a command ends it.
    fn run(&mut self, guest: &mut Guest<'_>) -> Option<Stop> {
        let vcpu = Vcpu::new(0);
        self.frames = guest.frames;
        let apic = guest.apic;
        let (machine, context) = (&mut guest.machine, &mut guest.context);
        loop {
            context.exit_at(machine.deadline().unwrap_or(u64::MAX));
            if apic.enter(context) || context.event.is_interrupt() {
                self.control.count_injected();
            }
            self.control.switch(Phase::Guest, tsc());
            let ended = vcpu.enter(context);
            apic.exited(context);
            self.control.switch(Phase::Vmm, tsc());
            let next = match ended {
                Ended::Exit => {
                    self.control.count_exit(context.reason as u32);
                    let next = machine.exit(context);
                    if let Some(access) = machine.platform().take_access() {
                        self.control.count(access);
                    }
                    next
                }
                Ended::Notification(badge) => {
                    self.notified(machine, ChannelSet::from_badge(badge))?;
                    machine.notified(context)
                }
                Ended::NoVcpu => Err(Stop::Kernel(sel4::Error::InvalidCapability)),
            };
            match next {
                Ok(Next::Enter) => {}
                Ok(Next::Wait) => {
                    if let Err(stop) = self.wait(machine, context)? {
                        return Some(stop);
                    }
                }
                Err(stop) => return Some(stop),
            }
        }
    }

    /// Sleeps until the guest has something to do. None if a command ended it.
    #[inline(never)]
    fn wait(
        &mut self,
        machine: &mut GuestMachine<'_>,
        context: &mut Context,
    ) -> Option<Result<(), Stop>> {
        loop {
            self.control.switch(Phase::Idle, tsc());
            if self.time.wake_at(machine.deadline())
                && let Event::Notified(channels) = recv()
            {
                self.notified(machine, channels)?;
            }
            self.control.switch(Phase::Vmm, tsc());
            match machine.notified(context) {
                Ok(Next::Wait) => {}
                Ok(Next::Enter) => return Some(Ok(())),
                Err(stop) => return Some(Err(stop)),
            }
        }
    }

    /// Brings to the guest what came from outside. None if a command ended it.
    fn notified(&mut self, machine: &mut GuestMachine<'_>, channels: ChannelSet) -> Option<()> {
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
        if came(self.config.control.map(|(_, channel)| channel)) {
            return self.obey().then_some(());
        }
        Some(())
    }

    /// Obeys the command that waits. Does the guest go on as it was?
    fn obey(&mut self) -> bool {
        let Some((command, word)) = self.control.command() else {
            return true;
        };
        let next = self.life.command(command);
        log::info!("{next}");
        if !self.life.is_running() {
            self.control.stopped(tsc());
        }
        self.control.obeyed(word);
        !next.is_change()
    }
}

impl Handler for Vmm {
    type Error = Infallible;

    fn run(&mut self) -> Result<sel4_microkit::Never, Infallible> {
        self.live()
    }
}
