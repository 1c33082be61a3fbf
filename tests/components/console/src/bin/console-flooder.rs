// SPDX-License-Identifier: BSD-2-Clause
//! Writes lines without end, from the first signal of the driver to the next.
#![no_std]
#![no_main]

use core::fmt::Write;

use console_interface::{own_stream, with_stream};
use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, protection_domain};

const DRIVER: Channel = Channel::new(2);
/// Lines of one flood.
const LINES: u32 = 500;

struct Flooder;

#[protection_domain]
fn init() -> Flooder {
    own_stream!();
    Flooder
}

impl Handler for Flooder {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        if channels.contains(DRIVER) {
            for line in 0..LINES {
                // Writing to the stream never fails.
                let _ = with_stream(|stream| writeln!(stream, "flood {line}"));
            }
            DRIVER.notify();
        }
        Ok(())
    }
}
