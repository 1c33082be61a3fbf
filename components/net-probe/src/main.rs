// SPDX-License-Identifier: BSD-2-Clause
//! net-probe: a virtual function of a network card with a TCP/IP stack on it.
//!
//! What it needs in `system.xml` is in docs/components.md. It takes commands on its console stream:
//! type `help`.
#![no_std]
#![no_main]

mod hardware;
mod time;

use core::convert::Infallible;

use console_interface::{LineInput, own_stream, with_stream};
use mmio::{MmioRegion, OutgoingRegion, SharedRegion};
use net_probe_core::{Command, HELP, Moment, Report, Station, enable_interrupt};
use pf_manager_interface::{Event, Info, Owner};
use sel4_microkit::{Channel, ChannelSet, Handler, protection_domain, var};

use time::Time;

/// Buffers of seven TCP sockets and two UDP sockets, with the allocator's own needs.
const HEAP: usize = 0x18_0000;

struct NetProbe {
    station: Station<MmioRegion, SharedRegion, OutgoingRegion>,
    msix: MmioRegion,
    owner: Owner<Channel>,
    time: Time,
    input: LineInput,
    irq: Channel,
    /// How many interrupts there were.
    interrupts: u64,
    timer: Channel,
    pf_manager: Channel,
    console: Option<Channel>,
}

#[protection_domain(heap_size = HEAP)]
fn init() -> NetProbe {
    let console = own_stream!();
    let (driver, msix) = hardware::take();
    let timer = Channel::new(*var!(timer_channel: usize = 0));
    let pf_manager = Channel::new(*var!(pf_manager_channel: usize = 0));
    let mut probe = NetProbe {
        station: Station::new(driver),
        msix,
        owner: Owner::new(pf_manager),
        time: Time::new(timer),
        input: LineInput::new(),
        irq: Channel::new(*var!(vf_irq: usize = 0)),
        interrupts: 0,
        timer,
        pf_manager,
        console,
    };
    log::info!("hello; type 'help'");
    probe.watch_owner();
    probe.turn();
    probe
}

/// Tells what happened.
fn say(report: Report) {
    log::info!("{report}");
}

impl NetProbe {
    /// A pass of the station; when the next is due at the latest.
    fn turn(&mut self) {
        let now = self.time.now();
        let next = self.station.poll(now, &mut say);
        let next = next.into_iter().chain(self.owner.next()).min();
        self.time.wake(next, now.time);
    }

    /// Finds out whose the virtual function is.
    fn watch_owner(&mut self) {
        let now = self.time.now();
        while let Some(event) = self.owner.poll(now.time) {
            match event {
                Event::Granted(info) => self.granted(&info, now),
                Event::Lost(query) => {
                    self.station.lost();
                    log::warn!(
                        "lost the virtual function: {}, {}",
                        query.state,
                        query.reason
                    );
                    if let Some(fault) = query.last {
                        log::warn!("its last fault: {fault}");
                    }
                }
                Event::Refused(error) => log::error!("no virtual function: {error}"),
            }
        }
    }

    fn granted(&mut self, info: &Info, now: Moment) {
        match enable_interrupt(self.owner.manager(), info, &mut self.msix) {
            Ok(()) => self.station.granted(info.vf, now),
            Err(reason) => log::error!("no interrupt: {reason}"),
        }
    }

    fn read_input(&mut self) {
        while let Some(Some(command)) = with_stream(|stream| {
            let line = self.input.read(stream)?;
            Some(Command::parse(line))
        }) {
            self.obey(command);
        }
    }

    fn obey(&mut self, command: Command) {
        let now = self.time.now();
        match command {
            Command::Nothing => {}
            Command::Help => log::info!("{HELP}"),
            Command::Unknown => log::warn!("unknown command; type 'help'"),
            Command::Status => {
                let (counters, dropped, damaged) = self.station.counts();
                let interrupts = self.interrupts;
                log::info!(
                    "{counters:?}, {dropped} dropped, {damaged} damaged, {interrupts} interrupts"
                );
            }
            Command::Echo { .. }
            | Command::Ping { .. }
            | Command::Flood { .. }
            | Command::Send { .. } => {
                self.station.command(command, now, &mut say);
            }
            Command::Overstep { write, address } => {
                if !self.station.overstep(write, address) {
                    log::warn!("the virtual function does not run");
                }
            }
            Command::Reset | Command::Cycle => {
                self.station.lost();
                let result = match command {
                    Command::Reset => self.owner.reset(),
                    _ => self.owner.give_up(),
                };
                if let Err(error) = result {
                    log::error!("{error}");
                }
            }
        }
    }
}

impl Handler for NetProbe {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        // First, so that what comes during the pass is one more interrupt.
        if channels.contains(self.irq) {
            self.interrupts = self.interrupts.wrapping_add(1);
            if let Err(error) = self.irq.irq_ack() {
                log::error!("{error}");
            }
        }
        if channels.contains(self.timer) {
            self.time.notified();
        }
        let now = self.time.now();
        let due = self.owner.next().is_some_and(|next| now.time >= next);
        if due || channels.contains(self.pf_manager) {
            self.watch_owner();
        }
        let console = self.console;
        if console.is_some_and(|channel| channels.contains(channel)) {
            self.read_input();
        }
        self.turn();
        Ok(())
    }
}
