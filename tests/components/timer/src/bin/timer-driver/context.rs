// SPDX-License-Identifier: BSD-2-Clause
//! What the tests share.

use core::time::Duration;

use sel4_microkit::{
    Channel,
    ipc::{self, Event},
};
use timer_interface::{Error, Expired, TIMEOUTS, Timer};
use timer_tests::{Counts, counts};

pub const TIMER: Channel = Channel::new(1);
pub const CRASH: Channel = Channel::new(2);
pub const STORM: Channel = Channel::new(3);
pub const FLOODER: Channel = Channel::new(4);
pub const CALLER: Channel = Channel::new(5);

/// What the tests share.
pub struct Context {
    pub timer: Timer<Channel>,
    pub counts: &'static Counts,
    /// Signals that came, bit by channel, and were not waited for yet.
    pending: u64,
}

impl Context {
    pub fn new() -> Self {
        Self {
            timer: Timer::new(TIMER),
            counts: counts!(),
            pending: 0,
        }
    }

    /// Waits for a signal from `channel`.
    pub fn wait(&mut self, channel: Channel) {
        while self.pending & 1 << channel.index() == 0 {
            if let Event::Notified(channels) = ipc::recv() {
                channels
                    .iter()
                    .for_each(|channel| self.pending |= 1 << channel.index());
            }
        }
        self.pending &= !(1 << channel.index());
    }

    /// Waits until a time-out has ended.
    pub fn ended(&mut self) -> Result<Expired, Error> {
        loop {
            self.wait(TIMER);
            let expired = self.timer.expired()?;
            // A signal may be left over from a time-out that was asked for already.
            if !expired.is_empty() {
                return Ok(expired);
            }
        }
    }

    /// Waits for `delay` by the last time-out. Others may end meanwhile; they are asked for then.
    pub fn sleep(&mut self, delay: Duration) -> Result<Expired, Error> {
        let last = TIMEOUTS - 1;
        self.timer.after(last, delay)?;
        let mut all = 0;
        loop {
            let expired = self.ended()?;
            all |= expired.bits();
            if expired.contains(last) {
                return Ok(Expired::from_bits(all & !(1 << last)));
            }
        }
    }
}

pub const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
