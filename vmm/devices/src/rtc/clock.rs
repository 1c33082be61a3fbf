// SPDX-License-Identifier: BSD-2-Clause
//! The divider chain: from ticks to seconds, and to the periods of the periodic interrupt.

/// What the clock starts with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Start {
    /// Ticks in a second: 1000 or more, or what is in between does not show.
    pub hertz: u64,
    /// The ticks now.
    pub now: u64,
    /// The time now, in seconds since 1970-01-01 00:00:00.
    pub seconds: i64,
}

/// Counts seconds from an origin on, at which a second began.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    hertz: u64,
    origin: u64,
    /// Seconds at the origin.
    base: i64,
}

impl Clock {
    pub fn new(start: Start) -> Self {
        Self {
            hertz: start.hertz.max(1000),
            origin: start.now,
            base: start.seconds,
        }
    }

    /// Whole seconds since the origin.
    fn elapsed(&self, now: u64) -> u64 {
        now.saturating_sub(self.origin) / self.hertz
    }

    /// The time.
    pub fn seconds(&self, now: u64) -> i64 {
        let elapsed = i64::try_from(self.elapsed(now)).unwrap_or(i64::MAX);
        self.base.saturating_add(elapsed)
    }

    /// Makes it this time, while the second goes on that has begun.
    pub fn set(&mut self, now: u64, seconds: i64) {
        let elapsed = i64::try_from(self.elapsed(now)).unwrap_or(i64::MAX);
        self.base = seconds.saturating_sub(elapsed);
    }

    /// Starts the chain at this time; the second is over half a second later.
    pub fn restart(&mut self, now: u64, seconds: i64) {
        self.origin = now.saturating_sub(self.hertz / 2);
        self.base = seconds;
    }

    /// The ticks until the end of the second.
    pub fn rest(&self, now: u64) -> u64 {
        self.hertz - now.saturating_sub(self.origin) % self.hertz
    }

    /// The ticks at which that second begins, which is not past.
    pub fn begin(&self, seconds: i64) -> u64 {
        let since = u64::try_from(seconds.saturating_sub(self.base)).unwrap_or(0);
        self.origin.saturating_add(since.saturating_mul(self.hertz))
    }

    /// Ticks in this many microseconds.
    pub fn ticks(&self, microseconds: u64) -> u64 {
        let ticks = u128::from(self.hertz) * u128::from(microseconds) / 1_000_000;
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    /// Whole periods of that rate since the origin.
    pub fn periods(&self, now: u64, rate: u32) -> u128 {
        let since = u128::from(now.saturating_sub(self.origin));
        since * u128::from(rate) / u128::from(self.hertz)
    }

    /// The ticks at which so many periods are over.
    pub fn end_of(&self, periods: u128, rate: u32) -> u64 {
        let since = periods
            .saturating_mul(self.hertz.into())
            .div_ceil(rate.into());
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.origin.saturating_add(since)
    }
}
