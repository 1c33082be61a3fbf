// SPDX-License-Identifier: BSD-2-Clause
//! The time. The timer tells it by a call, which costs more than a small packet; the processor's
//! counter tells it for nothing, but not how fast it counts. So the counter is compared with the
//! timer now and then.

use core::time::Duration;

/// The counter's rate is taken from at least this time.
const BASE: Duration = Duration::from_millis(20);

/// A moment, told twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    /// By the timer's clock.
    pub time: Duration,
    /// By the processor's counter.
    pub cycles: u64,
}

impl Moment {
    /// A moment that is this much earlier by both.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            time: self.time.saturating_sub(earlier.time),
            cycles: self.cycles.saturating_sub(earlier.cycles),
        }
    }
}

/// Tells the time from the counter.
#[derive(Debug)]
pub struct Clock {
    /// What the timer's clock lacks since the timer was restarted.
    offset: Duration,
    first: Moment,
    last: Moment,
    /// Nanoseconds of a cycle, with 32 bits behind the point; 0 while it is not known.
    rate: u64,
    told: Duration,
}

impl Clock {
    /// A clock that was just compared with the timer.
    pub fn new(timer: Moment) -> Self {
        Self {
            offset: Duration::ZERO,
            first: timer,
            last: timer,
            rate: 0,
            told: timer.time,
        }
    }

    /// It is compared with the timer, about every second. Returns the time by this clock, which goes
    /// on when the timer was restarted and counts from zero.
    pub fn compare(&mut self, timer: Moment) -> Moment {
        let mut now = Moment {
            time: timer.time.saturating_add(self.offset),
            cycles: timer.cycles,
        };
        if now.time < self.last.time {
            self.offset = self.told.saturating_sub(timer.time);
            now.time = self.told;
            self.first = now;
            self.rate = 0;
        }
        self.last = now;
        let base = now.since(self.first);
        if base.time >= BASE {
            let rate = (base.time.as_nanos() << 32) / u128::from(base.cycles.max(1));
            self.rate = u64::try_from(rate).unwrap_or_default();
        }
        self.told = self.told.max(now.time);
        now.time = self.told;
        now
    }

    /// The time when the counter is at `cycles`; `None` if it has to be asked of the timer, and
    /// [`compare`](Self::compare)d. Never earlier than what it told before.
    pub fn at(&mut self, cycles: u64) -> Option<Moment> {
        let more = cycles.checked_sub(self.last.cycles)?;
        if self.rate == 0 {
            return None;
        }
        let nanoseconds = (u128::from(more) * u128::from(self.rate)) >> 32;
        let more = Duration::from_nanos(u64::try_from(nanoseconds).ok()?);
        self.told = self.told.max(self.last.time.saturating_add(more));
        Some(Moment {
            time: self.told,
            cycles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(milliseconds: u64, cycles: u64) -> Moment {
        Moment {
            time: Duration::from_millis(milliseconds),
            cycles,
        }
    }

    #[test]
    fn the_rate_is_that_of_the_timer() {
        let mut clock = Clock::new(at(1_000, 50_000));
        assert_eq!(clock.at(60_000), None);
        clock.compare(at(1_019, 240_000));
        assert_eq!(clock.at(250_000), None, "too short to tell");
        clock.compare(at(1_100, 1_050_000));
        assert_eq!(clock.at(1_050_000), Some(at(1_100, 1_050_000)));
        assert_eq!(clock.at(2_050_000), Some(at(1_200, 2_050_000)));
        assert_eq!(clock.at(1_000_000), None, "a counter does not go back");
    }

    #[test]
    fn it_never_goes_back() {
        let mut clock = Clock::new(at(0, 0));
        clock.compare(at(100, 100_000));
        assert_eq!(clock.at(300_000), Some(at(300, 300_000)));
        // The counter was faster than it seemed.
        clock.compare(at(250, 350_000));
        assert_eq!(clock.at(350_001).map(|now| now.time), Some(at(300, 0).time));
    }

    #[test]
    fn a_restarted_timer_does_not_stop_it() {
        let mut clock = Clock::new(at(5_000, 0));
        clock.compare(at(5_100, 100_000));
        assert_eq!(clock.at(200_000), Some(at(5_200, 200_000)));
        assert_eq!(clock.compare(at(3, 300_000)), at(5_200, 300_000));
        assert_eq!(clock.at(300_000), None);
        assert_eq!(clock.compare(at(103, 400_000)), at(5_300, 400_000));
        assert_eq!(clock.at(500_000), Some(at(5_400, 500_000)));
    }
}
