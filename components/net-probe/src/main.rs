// SPDX-License-Identifier: BSD-2-Clause
//! net-probe: a virtual function of a network card with a TCP/IP stack on it.
//!
//! What it needs in `system.xml` is in docs/components.md. It takes commands on its console stream:
//! type `help`.
#![no_std]
#![no_main]

use core::arch::x86_64::_rdtsc;
use core::convert::Infallible;
use core::time::Duration;

use console_interface::{LineInput, own_stream, with_stream};
use igbvf::Igbvf;
use mmio::{MmioRegion, OutgoingRegion, SharedRegion};
use net_probe_core::{Alarm, Clock, Command, HELP, Moment, Report, Station, enable_interrupt};
use pf_manager_interface::{Event, Info, Owner};
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain, var};
use timer_interface::Timer;

/// Buffers of seven TCP sockets and two UDP sockets, with the allocator's own needs.
const HEAP: usize = 0x18_0000;
/// The one time-out that is used.
const TIME_OUT: usize = 0;
/// What is due already is looked at again after this time: all that can be waited for is that the
/// device sends.
const SOON: Duration = Duration::from_millis(1);

struct NetProbe {
    station: Station<MmioRegion, SharedRegion, OutgoingRegion>,
    msix: MmioRegion,
    owner: Owner<Channel>,
    timer: Timer<Channel>,
    clock: Clock,
    alarm: Alarm,
    input: LineInput,
    irq: Channel,
    timer_channel: Channel,
    pf_manager_channel: Channel,
    console_channel: Option<Channel>,
}

#[protection_domain(heap_size = HEAP)]
fn init() -> NetProbe {
    let console_channel = own_stream!();
    let base = memory_region_symbol!(vf_registers: *mut u8);
    // SAFETY: the image tool mapped the region of that symbol, with this size, for this program
    // alone, and this is the only use of it. The same holds for the other regions.
    let registers = unsafe { MmioRegion::new(base, *var!(vf_registers_size: usize = 0)) };
    let base = memory_region_symbol!(vf_msix: *mut u8);
    // SAFETY: as above.
    let msix = unsafe { MmioRegion::new(base, *var!(vf_msix_size: usize = 0)) };
    let base = memory_region_symbol!(shared_memory: *mut u8);
    let (size, address) = (
        *var!(shared_memory_size: usize = 0),
        base.addr().get() as u64,
    );
    // SAFETY: as above. The device finds memory at the addresses that this program has for it.
    let shared = unsafe { SharedRegion::new(base, size, address) };
    let base = memory_region_symbol!(outgoing_memory: *mut u8);
    let (size, address) = (
        *var!(outgoing_memory_size: usize = 0),
        base.addr().get() as u64,
    );
    // SAFETY: as above; the iomap of the region has perms="r", so no device writes to it.
    let outgoing = unsafe {
        let bytes = core::slice::from_raw_parts_mut(base.as_ptr(), size);
        OutgoingRegion::new(bytes, address)
    };
    let driver = match Igbvf::new(registers, shared, outgoing) {
        Ok(driver) => driver,
        Err(failure) => panic!("system.xml: {failure}"),
    };
    let timer_channel = Channel::new(*var!(timer_channel: usize = 0));
    let pf_manager_channel = Channel::new(*var!(pf_manager_channel: usize = 0));
    let mut probe = NetProbe {
        station: Station::new(driver),
        msix,
        owner: Owner::new(pf_manager_channel),
        timer: Timer::new(timer_channel),
        clock: Clock::new(Moment::default()),
        alarm: Alarm::default(),
        input: LineInput::new(),
        irq: Channel::new(*var!(vf_irq: usize = 0)),
        timer_channel,
        pf_manager_channel,
        console_channel,
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
    fn now(&mut self) -> Moment {
        // SAFETY: reading the counter has no other effect.
        let cycles = unsafe { _rdtsc() };
        self.clock.at(cycles).unwrap_or_else(|| self.compare())
    }

    /// Asks the timer. A timer that was restarted has lost its time-outs, and answers the second try.
    fn compare(&mut self) -> Moment {
        let time = self.timer.now().or_else(|_| {
            self.alarm.ended();
            self.timer.now()
        });
        // SAFETY: as above.
        let cycles = unsafe { _rdtsc() };
        match time {
            Ok(time) => self.clock.compare(Moment { time, cycles }),
            Err(error) => {
                log::error!("{error}");
                Moment {
                    cycles,
                    ..Moment::default()
                }
            }
        }
    }

    /// A pass of the station, and when the next is due at the latest.
    fn turn(&mut self) {
        let now = self.now();
        let next = self.station.poll(now, &mut say);
        let next = next.into_iter().chain(self.owner.next()).min();
        let soon = now.time.saturating_add(SOON);
        if let Some(moment) = self.alarm.want(next.map(|next| next.max(soon))) {
            let delay = moment.saturating_sub(now.time);
            let set = self.timer.after(TIME_OUT, delay);
            if let Err(error) = set.or_else(|_| self.timer.after(TIME_OUT, delay)) {
                log::error!("{error}");
            }
        }
    }

    /// Finds out whose the virtual function is.
    fn watch_owner(&mut self) {
        let now = self.now();
        while let Some(event) = self.owner.poll(now.time) {
            match event {
                Event::Granted(info) => self.granted(&info, now),
                Event::Lost(query) => {
                    self.station.lost();
                    match query.last {
                        Some(fault) => {
                            log::warn!("lost: {}, {}: {fault}", query.state, query.reason);
                        }
                        None => log::warn!("lost: {}, {}", query.state, query.reason),
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
        let now = self.now();
        let result = match command {
            Command::Nothing => return,
            Command::Echo { .. } | Command::Send { .. } => {
                return self.station.command(command, now, &mut say);
            }
            Command::Help => return log::info!("{HELP}"),
            Command::Unknown => return log::warn!("unknown command; type 'help'"),
            Command::Status => {
                let (counters, dropped, damaged) = self.station.counts();
                return log::info!("{counters:?}, {dropped} dropped, {damaged} damaged");
            }
            Command::Reset => self.owner.reset(),
            Command::Cycle => self.owner.give_up(),
        };
        match result {
            Ok(()) => self.station.lost(),
            Err(error) => log::error!("{error}"),
        }
    }
}

impl Handler for NetProbe {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        if channels.contains(self.irq)
            && let Err(error) = self.irq.irq_ack()
        {
            log::error!("{error}");
        }
        if channels.contains(self.timer_channel) {
            // There is one time-out only; asking is what lets the timer notify again.
            let _ = self.timer.expired();
            self.alarm.ended();
            self.compare();
        }
        let now = self.now();
        let due = self.owner.next().is_some_and(|next| now.time >= next);
        if due || channels.contains(self.pf_manager_channel) {
            self.watch_owner();
        }
        if self
            .console_channel
            .is_some_and(|channel| channels.contains(channel))
        {
            self.read_input();
        }
        self.turn();
        Ok(())
    }
}
