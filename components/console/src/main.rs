// SPDX-License-Identifier: BSD-2-Clause
//! The console: shares one serial port among named streams.
//!
//! Every channel of this protection domain but the interrupt is a stream, named after the
//! protection domain at its other end. The region that it shares with the client of channel `n` is
//! mapped at `streams` + `n` * 0x2000. If that is the monitor of a guest, bit `n` of `guests` is set,
//! and the page by which it is controlled is mapped at `controls` + `n` * 0x1000.
#![no_std]
#![no_main]

mod control;
mod output;
mod rings;

use core::convert::Infallible;

use console_core::{MAX_STREAMS, Multiplexer, exchange};
use mmio::PortIo;
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain, var};
use sel4_vcpu::IoPort;
use uart::{Config, Uart};

use control::Controls;
use output::Output;
use rings::Rings;

/// The eight ports of the UART.
struct Ports {
    range: IoPort,
    first: u16,
}

impl PortIo for Ports {
    fn read8(&mut self, offset: u16) -> u8 {
        self.range
            .in8(self.first.wrapping_add(offset))
            .unwrap_or(u8::MAX)
    }

    fn write8(&mut self, offset: u16, value: u8) {
        // Refused only for ports outside the range, which the driver does not use.
        let _ = self.range.out8(self.first.wrapping_add(offset), value);
    }
}

struct Console {
    multiplexer: Multiplexer<'static>,
    rings: Rings,
    controls: Controls,
    output: Output<Ports>,
    irq: Channel,
}

#[protection_domain]
fn init() -> Console {
    let first = *var!(uart_ports: usize = 0) as u16;
    let ports = Ports {
        range: IoPort::new(*var!(uart_ports_id: usize = 0)),
        first,
    };
    let irq = Channel::new(*var!(uart_irq: usize = 0));
    let uart = match Uart::new(ports, Config::default()) {
        Ok(uart) => uart,
        Err(error) => panic!("ports {first:#x}: {error}"),
    };
    let mut names = [None; MAX_STREAMS];
    for (index, name) in names.iter_mut().enumerate() {
        *name = Channel::new(index).peer_name();
    }
    let streams = memory_region_symbol!(streams: *mut u8);
    // SAFETY: system.xml maps a stream's region for each channel that has a peer, as this
    // program's documentation asks for; nothing else uses them.
    let rings = unsafe { Rings::attach(streams, &names) };
    let controls = *var!(controls: usize = 0) as *mut u8;
    // SAFETY: system.xml maps a page for each stream of `guests`, as this program's documentation
    // asks for.
    let controls = unsafe { Controls::attach(controls, *var!(guests: u64 = 0)) };
    let mut console = Console {
        multiplexer: Multiplexer::new(names),
        rings,
        controls,
        output: Output::new(uart),
        irq,
    };
    let count = names.iter().flatten().count();
    let plural = if count == 1 { "" } else { "s" };
    console.multiplexer.notice(format_args!(
        "INFO: {count} stream{plural}; Ctrl-] h shows the keys"
    ));
    console.pump();
    console
}

impl Console {
    fn pump(&mut self) {
        exchange(
            &mut self.multiplexer,
            &mut self.rings,
            &mut self.controls,
            &mut self.output,
        );
    }
}

impl Handler for Console {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        if channels.contains(self.irq) {
            self.output.on_interrupt();
            if let Err(error) = self.irq.irq_ack() {
                self.multiplexer.notice(format_args!("ERROR: {error}"));
            }
            // What came between the two has made no new edge.
            self.output.on_interrupt();
        }
        self.pump();
        Ok(())
    }
}
