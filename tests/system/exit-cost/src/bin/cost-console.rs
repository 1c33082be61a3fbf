// SPDX-License-Identifier: BSD-2-Clause
//! Stands in for the console of a monitor whose guest measures exits: shows what it says on the first
//! serial port, and sends a character whenever the guest waits and has taken the last one.
//!
//! Its priority is the lowest, so it runs when the monitor sleeps, and never else.
#![no_std]
#![no_main]

#[path = "../serial.rs"]
mod serial;

use core::convert::Infallible;
use core::fmt::Write;
use core::ptr::NonNull;

use console_interface::{Consumer, Producer, RX_CAPACITY, Region};
use sel4_microkit::{Channel, Handler, Never, protection_domain, var};

use serial::Serial;

struct CostConsole {
    output: Consumer<'static>,
    input: Producer<'static>,
    monitor: Channel,
    serial: Option<Serial>,
}

#[protection_domain]
fn init() -> CostConsole {
    let Some(region) = NonNull::new(*var!(streams: usize = 0) as *mut Region) else {
        panic!("system.xml gives no stream");
    };
    // SAFETY: the image tool mapped the region for good, and the monitor uses it as a `Region`, too.
    let region = unsafe { Region::from_ptr(region) };
    let (output, input) = region.console_ends();
    CostConsole {
        output,
        input,
        monitor: Channel::new(*var!(monitor_channel: usize = 0)),
        serial: Serial::new().ok(),
    }
}

impl CostConsole {
    fn show(&mut self) {
        while let Some(byte) = self.output.pop() {
            if let Some(serial) = &mut self.serial {
                // Where the serial port fails there is nobody to tell.
                let _ = serial.write_char(byte.into());
            }
        }
    }
}

impl Handler for CostConsole {
    type Error = Infallible;

    fn run(&mut self) -> Result<Never, Infallible> {
        loop {
            self.show();
            let _ = self.output.settle();
            let is_taken = self.input.room() == RX_CAPACITY;
            if is_taken && self.input.stage(b'.') && self.input.publish() {
                self.monitor.notify();
            }
        }
    }
}
