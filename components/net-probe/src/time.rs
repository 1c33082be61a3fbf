// SPDX-License-Identifier: BSD-2-Clause
//! The timer and the processor's counter.

use core::arch::x86_64::_rdtsc;
use core::time::Duration;

use net_probe_core::{Alarm, Clock, Moment};
use sel4_microkit::Channel;
use timer_interface::Timer;

/// The one time-out that is used.
const TIME_OUT: usize = 0;
/// What is due already is looked at again after this time: all that it can be waiting for is that
/// the device sends.
const SOON: Duration = Duration::from_millis(1);

/// The time and the next time-out.
pub struct Time {
    timer: Timer<Channel>,
    clock: Clock,
    alarm: Alarm,
}

impl Time {
    /// Over the timer at the other end of `channel`.
    pub fn new(channel: Channel) -> Self {
        let timer = Timer::new(channel);
        let now = ask(&timer);
        Self {
            timer,
            clock: Clock::new(now),
            alarm: Alarm::default(),
        }
    }

    /// The time.
    pub fn now(&mut self) -> Moment {
        self.clock.at(cycles()).unwrap_or_else(|| self.compare())
    }

    fn compare(&mut self) -> Moment {
        self.clock.compare(ask(&self.timer))
    }

    /// The timer has notified: its time-out has ended, or it was restarted and has lost it.
    pub fn notified(&mut self) {
        // There is one time-out only; asking is what makes the timer notify again.
        let _ = self.timer.expired();
        self.alarm.ended();
        self.compare();
    }

    /// Has the timer notify at `moment` at the latest.
    pub fn wake(&mut self, moment: Option<Duration>, now: Duration) {
        let soon = now.saturating_add(SOON);
        let Some(moment) = self.alarm.want(moment.map(|moment| moment.max(soon))) else {
            return;
        };
        let delay = moment.saturating_sub(now);
        let set = self.timer.after(TIME_OUT, delay);
        if let Err(error) = set.or_else(|_| self.timer.after(TIME_OUT, delay)) {
            log::error!("timer: {error}");
        }
    }
}

/// The timer's time. One that was restarted says so first.
fn ask(timer: &Timer<Channel>) -> Moment {
    let time = match timer.now().or_else(|_| timer.now()) {
        Ok(time) => time,
        Err(error) => panic!("timer: {error}"),
    };
    let cycles = cycles();
    Moment { time, cycles }
}

fn cycles() -> u64 {
    // SAFETY: the kernel lets programs read the time-stamp counter.
    unsafe { _rdtsc() }
}
