// SPDX-License-Identifier: BSD-2-Clause
//! Uses all its time-outs as fast as the timer lets it, while it is told to.
#![no_std]
#![no_main]

use core::time::Duration;

use sel4_microkit::{Channel, ChannelSet, Handler, Infallible, protection_domain};
use timer_interface::{MIN_PERIOD_NS, TIMEOUTS, Timer};
use timer_tests::{Counts, counts};

const TIMER: Channel = Channel::new(1);
const DRIVER: Channel = Channel::new(2);

struct Flooder(&'static Counts, Timer<Channel>);

#[protection_domain]
fn init() -> Flooder {
    Flooder(counts!(), Timer::new(TIMER))
}

impl Handler for Flooder {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let Self(counts, timer) = self;
        let run = Counts::get(&counts.run) != 0;
        if channels.contains(DRIVER) {
            for timeout in 0..TIMEOUTS {
                // A failure shows in the counter, which then stands still.
                let _ = match run {
                    true => timer.every(timeout, Duration::from_nanos(MIN_PERIOD_NS)),
                    false => timer.cancel(timeout),
                };
            }
        }
        if channels.contains(TIMER)
            && let Ok(expired) = timer.expired()
        {
            Counts::add(&counts.ends, expired.iter().count() as u64);
        }
        Ok(())
    }
}
