// SPDX-License-Identifier: BSD-2-Clause
//! Time: how fast the time-stamp counter is, and being woken at a point of it.

use core::hint::spin_loop;
use core::time::Duration;

use sel4_microkit::{Channel, ChannelSet};
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
    channel: Channel,
    hz: u64,
    /// The deadline that the timer is set for.
    armed: Option<u64>,
    /// How much earlier it is to end, in ticks: waking this program takes time.
    lead: u64,
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
            channel,
            hz,
            armed: None,
            lead: 0,
        })
    }

    /// Ticks of the counter in a second.
    pub const fn hz(&self) -> u64 {
        self.hz
    }

    /// Has the timer notify this program a bit before the counter reaches `deadline`. If that is so
    /// near that it is not worth sleeping, it is awaited here, and the answer is false.
    pub fn wake_at(&mut self, deadline: Option<u64>) -> bool {
        let Some(at) = deadline.filter(|_| self.armed != deadline) else {
            return true;
        };
        let ticks = at.saturating_sub(self.lead).saturating_sub(tsc());
        if ticks == 0 {
            while tsc() < at {
                spin_loop();
            }
            return false;
        }
        let nanoseconds = (u128::from(ticks) * NANOSECONDS).div_ceil(self.hz.into());
        let delay = Duration::from_nanos(nanoseconds.min(MAX_DELAY) as u64);
        // A timer that was started anew refuses once.
        let armed = (self.timer.after(WAKE, delay)).or_else(|_| self.timer.after(WAKE, delay));
        match armed {
            Ok(()) => self.armed = deadline,
            Err(error) => log::error!("the timer does not wake the guest: {error}"),
        }
        true
    }

    /// The timer notified this program: it may have ended a bit early, by its own clock. How long
    /// waking took is how much earlier it is to be next time.
    pub fn woken(&mut self) {
        let Some(at) = self.armed.take() else { return };
        let took = tsc().saturating_sub(at.saturating_sub(self.lead));
        self.lead = (3 * self.lead + took.min(LONGEST_LEAD)) / 4;
    }

    /// Is this the timer's channel?
    pub fn is_of(&self, channels: ChannelSet) -> bool {
        channels.contains(self.channel)
    }
}

/// The longest lead: who waits longer for the processor waits for others, and must not spin then.
const LONGEST_LEAD: u64 = 10_000;
const NANOSECONDS: u128 = 1_000_000_000;

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
    // The timer looks at its clock in the midst of a call.
    let look = || -> Result<_, Error> {
        let before = tsc();
        let now = timer.now()?;
        Ok((now, before.midpoint(tsc())))
    };
    let (from, first) = look()?;
    loop {
        let (to, last) = look()?;
        let passed = to.saturating_sub(from);
        if passed >= WATCH {
            let ticks = u128::from(last.wrapping_sub(first)) * NANOSECONDS;
            return Ok((ticks / passed.as_nanos()) as u64);
        }
    }
}
