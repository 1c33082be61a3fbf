// SPDX-License-Identifier: BSD-2-Clause
//! blk-probe: a protection domain with a virtual function of an NVMe controller. It shows that what
//! it writes to its namespace is what it reads, and says so on its stream.
//!
//! What it needs in `system.xml`: a channel to the timer and one to the PF manager (`pp="true"` at
//! this end), a channel and a region for the console, BAR 0 of the function, the function's
//! interrupt, and two regions that the function reaches by DMA at the addresses at which they are
//! mapped here.
#![no_std]
#![no_main]

use core::fmt::Write;
use core::ptr::NonNull;
use core::time::Duration;

use blk_probe_core::{Command, Probe, Report};
use console_interface::{LineInput, own_stream, with_stream};
use mmio::{MmioRegion, SharedRegion};
use nvme_io::Shared;
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain, var};
use timer_interface::{Error, Timer};

/// The time-out for whatever comes next.
const NEXT: usize = 0;

type Nvme = Probe<Channel, MmioRegion, Shared<MmioRegion>, SharedRegion>;

struct BlkProbe {
    probe: Nvme,
    timer: Timer<Channel>,
    /// Time of the last call.
    now: Duration,
    input: LineInput,
    irq: Channel,
    timer_channel: Channel,
    pf_manager_channel: Channel,
    console_channel: Option<Channel>,
}

#[protection_domain(stack_size = 0x10000)]
fn init() -> BlkProbe {
    let console_channel = own_stream!();
    let timer_channel = Channel::new(*var!(timer_channel: usize = 0));
    let pf_manager_channel = Channel::new(*var!(pf_manager_channel: usize = 0));
    let registers = memory_region_symbol!(nvme_registers: *mut u8);
    let queues = memory_region_symbol!(nvme_queues: *mut u8);
    let buffers = memory_region_symbol!(nvme_buffers: *mut u8);
    // SAFETY: the image tool mapped regions of these addresses and sizes for this program, and here
    // is the only use of them.
    let (registers, queue_memory, buffers) = unsafe {
        (
            MmioRegion::new(registers, *var!(nvme_registers_size: usize = 0)),
            MmioRegion::new(queues, *var!(nvme_queues_size: usize = 0)),
            SharedRegion::new(
                buffers,
                *var!(nvme_buffers_size: usize = 0),
                address(buffers),
            ),
        )
    };
    let queues = Shared::new(queue_memory, address(queues));
    let probe = match Probe::new(pf_manager_channel, registers, queues, buffers) {
        Ok(probe) => probe,
        Err(error) => panic!("system.xml: {error}"),
    };
    let mut this = BlkProbe {
        probe,
        timer: Timer::new(timer_channel),
        now: Duration::ZERO,
        input: LineInput::new(),
        irq: Channel::new(*var!(nvme_irq: usize = 0)),
        timer_channel,
        pf_manager_channel,
        console_channel,
    };
    this.poll(true);
    this
}

/// The function reaches memory at the address of its mapping here.
fn address(region: NonNull<u8>) -> u64 {
    region.addr().get() as u64
}

impl BlkProbe {
    /// Goes on, and has itself called again when it is time.
    fn poll(&mut self, asked: bool) {
        // Time-outs of a timer that was restarted are set anew below. Its clock goes on.
        self.now = match self.timer.now().or_else(|_| self.timer.now()) {
            Ok(now) => now,
            Err(error) => {
                log::error!("{error}");
                self.now
            }
        };
        if let Some(next) = self.probe.poll(self.now, asked, &mut tell) {
            let set = || self.timer.at(NEXT, next);
            if let Err(error) = set().or_else(|_| set()) {
                log::error!("{error}");
            }
        }
    }

    fn read_input(&mut self) {
        while let Some(Some(command)) = with_stream(|stream| {
            let line = self.input.read(stream)?;
            Some(Command::parse(line))
        }) {
            match command {
                Command::Nothing => {}
                Command::Help => say(Command::HELP),
                Command::Unknown => say("unknown command; type 'help'"),
                command => self.probe.obey(command, self.now, &mut tell),
            }
        }
    }
}

fn tell(report: Report) {
    if report.is_error() {
        log::error!("{report}");
    } else {
        log::info!("{report}");
    }
}

fn say(text: &str) {
    // Writing to the stream never fails.
    let _ = with_stream(|stream| writeln!(stream, "{text}"));
}

impl Handler for BlkProbe {
    type Error = core::convert::Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Self::Error> {
        if channels.contains(self.timer_channel) {
            // Which time-out it is, is clear. A restart shows in what is called next.
            match self.timer.expired() {
                Ok(_) | Err(Error::Restarted) => {}
                Err(error) => log::error!("{error}"),
            }
        }
        if channels.contains(self.irq) {
            self.probe.interrupt();
            if let Err(error) = self.irq.irq_ack() {
                log::error!("{error}");
            }
        }
        if self
            .console_channel
            .is_some_and(|channel| channels.contains(channel))
        {
            self.read_input();
        }
        self.poll(channels.contains(self.pf_manager_channel));
        Ok(())
    }
}
