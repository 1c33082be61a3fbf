// SPDX-License-Identifier: BSD-2-Clause
//! Calls the timer without end while it is told to, and counts the answers.
#![no_std]
#![no_main]

use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, protection_domain};
use timer_interface::{Error, Timer};
use timer_tests::{Counts, counts};

const TIMER: Channel = Channel::new(1);
const DRIVER: Channel = Channel::new(2);

struct Caller(&'static Counts, Timer<Channel>);

#[protection_domain]
fn init() -> Caller {
    Caller(counts!(), Timer::new(TIMER))
}

impl Handler for Caller {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let Self(counts, timer) = self;
        while channels.contains(DRIVER) && Counts::get(&counts.run) != 0 {
            let counter = match timer.now() {
                Ok(_) => &counts.calls,
                Err(Error::Restarted) => &counts.restarts,
                Err(_) => &counts.errors,
            };
            Counts::add(counter, 1);
        }
        Ok(())
    }
}
