// SPDX-License-Identifier: BSD-2-Clause
//! The local APIC's timer (SDM vol. 3A 12.5.4), against the guest's TSC.
//!
//! It counts at the rate of the TSC, divided as the guest chose: CPUID leaf 0x15 has to tell a
//! crystal of that frequency. What happened is a question of the time alone, so that nothing is
//! lost when nobody looked for long.

/// How the timer runs (bits 18:17 of its LVT entry).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimerMode {
    OneShot,
    Periodic,
    TscDeadline,
}

impl TimerMode {
    /// Of an LVT entry; 3 is reserved, and runs as one-shot.
    pub(crate) const fn from_entry(entry: u32) -> Self {
        match entry >> 17 & 3 {
            1 => Self::Periodic,
            2 => Self::TscDeadline,
            _ => Self::OneShot,
        }
    }
}

/// The timer's counter and deadline, without its LVT entry's vector and mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timer {
    mode: TimerMode,
    initial: u32,
    /// The divide-configuration register.
    divide: u32,
    /// When it ends, in TSC ticks, if it runs.
    end: Option<u64>,
}

impl Timer {
    /// As after a reset: stopped.
    pub(crate) const RESET: Self = Self {
        mode: TimerMode::OneShot,
        initial: 0,
        divide: 0,
        end: None,
    };

    pub(crate) const fn mode(&self) -> TimerMode {
        self.mode
    }

    /// When it ends, in TSC ticks, if it runs.
    pub(crate) const fn end(&self) -> Option<u64> {
        self.end
    }

    pub(crate) const fn initial(&self) -> u32 {
        self.initial
    }

    pub(crate) const fn divide(&self) -> u32 {
        self.divide
    }

    /// To or from TSC-deadline mode it stops (SDM 12.5.4.1); else it goes on.
    pub(crate) fn set_mode(&mut self, mode: TimerMode) {
        let deadline = TimerMode::TscDeadline;
        if (self.mode == deadline) != (mode == deadline) {
            self.end = None;
            self.initial = 0;
        }
        self.mode = mode;
    }

    /// Starts it with this count, or stops it with 0. In TSC-deadline mode it does nothing.
    pub(crate) fn set_initial(&mut self, count: u32, now: u64) {
        if self.mode != TimerMode::TscDeadline {
            self.initial = count;
            self.end = self.after(count, now);
        }
    }

    /// Counts on with another divisor from where it is.
    pub(crate) fn set_divide(&mut self, value: u32, now: u64) {
        let left = self.current(now);
        self.divide = value & 0b1011;
        if self.mode != TimerMode::TscDeadline {
            self.end = self.after(left, now);
        }
    }

    /// The current count.
    pub(crate) fn current(&self, now: u64) -> u32 {
        match self.end {
            Some(end) if self.mode != TimerMode::TscDeadline => {
                let left = end.saturating_sub(now);
                // Started at `now` it is the initial count, and a tick before the end it is 1.
                left.div_ceil(1 << self.shift()).min(u32::MAX.into()) as u32
            }
            _ => 0,
        }
    }

    /// IA32_TSC_DEADLINE.
    pub(crate) fn deadline(&self) -> u64 {
        match self.end {
            Some(end) if self.mode == TimerMode::TscDeadline => end,
            _ => 0,
        }
    }

    /// Writes IA32_TSC_DEADLINE; in other modes it does nothing.
    pub(crate) fn set_deadline(&mut self, tsc: u64) {
        if self.mode == TimerMode::TscDeadline {
            self.end = (tsc != 0).then_some(tsc);
        }
    }

    /// Did it end since it was asked last? A periodic one that ended several times did so once,
    /// and stays in step.
    pub(crate) fn expire(&mut self, now: u64) -> bool {
        let Some(end) = self.end.filter(|end| *end <= now) else {
            return false;
        };
        self.end = match self.mode {
            TimerMode::Periodic => {
                // It runs, so this is not 0, unless it became periodic after it was set to run out.
                let period = u64::from(self.initial) << self.shift();
                let late = (now - end).checked_rem(period);
                late.and_then(|late| now.checked_add(period - late))
            }
            _ => None,
        };
        true
    }

    fn after(&self, count: u32, now: u64) -> Option<u64> {
        let end = now.checked_add(u64::from(count) << self.shift());
        end.filter(|_| count != 0)
    }

    /// The logarithm of the divisor: bits 3, 1 and 0 are one less, modulo 8.
    const fn shift(&self) -> u32 {
        let bits = self.divide >> 1 & 0b100 | self.divide & 0b11;
        (bits + 1) % 8
    }
}

#[cfg(test)]
mod tests;
