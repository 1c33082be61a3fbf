// SPDX-License-Identifier: BSD-2-Clause
//! Time: how fast the time-stamp counter is, and being woken at a point of it.

use core::time::Duration;

use sel4_microkit::Channel;
use timer_interface::{Error, Timer};

use crate::cpu::{cpuid, tsc};

/// The time-out that wakes this program.
const WAKE: usize = 0;
/// How long the counter is watched.
const WATCH: Duration = Duration::from_millis(20);

/// The timer, and how the time-stamp counter relates to it.
#[derive(Debug)]
pub struct Time {
    timer: Timer<Channel>,
    hz: u64,
    /// What the timer is set to.
    armed: Option<u64>,
}

impl Time {
    /// Finds the frequency of the counter.
    ///
    /// # Errors
    ///
    /// What the timer answers.
    pub fn new(channel: Channel) -> Result<Self, Error> {
        let timer = Timer::new(channel);
        // An emulator may tell the frequency of the CPU that it stands for.
        let measured = measured_frequency(&timer)?;
        let agrees = |told: &u64| told.abs_diff(measured) < measured / 100;
        let hz = told_frequency().filter(agrees).unwrap_or(measured);
        Ok(Self {
            timer,
            hz,
            armed: None,
        })
    }

    /// Ticks of the counter in a second.
    pub const fn hz(&self) -> u64 {
        self.hz
    }

    /// Has the timer notify this program when the counter reaches `deadline`.
    pub fn wake_at(&mut self, deadline: Option<u64>) {
        let now = tsc();
        if deadline.is_none() || self.armed == deadline && self.armed.is_some_and(|at| at > now) {
            return;
        }
        self.armed = deadline;
        let ticks = deadline.map_or(0, |at| at.saturating_sub(now));
        let nanoseconds = u128::from(ticks) * 1_000_000_000 / u128::from(self.hz);
        let delay = Duration::from_nanos(nanoseconds.min(MAX_DELAY) as u64);
        if let Err(error) = self.timer.after(WAKE, delay) {
            log::error!("the timer does not wake the guest: {error}");
        }
    }
}

/// A guest that sleeps longer is woken for nothing now and then: 100 s.
const MAX_DELAY: u128 = 100_000_000_000;

/// CPUID leaf 0x15: the counter's frequency as a multiple of the crystal's, if both are told.
fn told_frequency() -> Option<u64> {
    const LEAF: u32 = 0x15;
    if cpuid(0, 0)[0] < LEAF {
        return None;
    }
    let [denominator, numerator, crystal, _] = cpuid(LEAF, 0).map(u64::from);
    let hz = (crystal * numerator).checked_div(denominator)?;
    (hz != 0).then_some(hz)
}

fn measured_frequency(timer: &Timer<Channel>) -> Result<u64, Error> {
    let (from, first) = (timer.now()?, tsc());
    loop {
        let (to, last) = (timer.now()?, tsc());
        let passed = to.saturating_sub(from);
        if passed >= WATCH {
            let ticks = u128::from(last.wrapping_sub(first)) * 1_000_000_000;
            return Ok((ticks / passed.as_nanos()) as u64);
        }
    }
}
