// SPDX-License-Identifier: BSD-2-Clause
//! How many messages a virtual function may send. Each has its own allowance, so that one that
//! floods its mailbox costs a bounded time and delays nobody else.

use core::time::Duration;

/// The limits for each virtual function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Messages in each window; at least one.
    pub messages: u16,
    /// The length of a window.
    pub window: Duration,
}

impl Default for Limits {
    /// 64 messages in 100 ms. `igbvf` sends about ten when an interface comes up, and waits up
    /// to a second for each answer.
    fn default() -> Self {
        Self {
            messages: 64,
            window: Duration::from_millis(100),
        }
    }
}

/// What is left of an allowance.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Budget {
    started: Option<Duration>,
    used: u16,
}

impl Budget {
    /// Whether one more message is within the limits at time `now`; if so it is counted.
    pub fn take(&mut self, limits: &Limits, now: Duration) -> bool {
        if self.next(limits).is_none_or(|next| now >= next) {
            *self = Self {
                started: Some(now),
                used: 0,
            };
        }
        let within = self.used < limits.messages.max(1);
        if within {
            self.used += 1;
        }
        within
    }

    /// When the window ends.
    pub fn next(&self, limits: &Limits) -> Option<Duration> {
        Some(self.started?.saturating_add(limits.window))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_window_holds_more_than_its_share() {
        let limits = Limits {
            messages: 3,
            window: Duration::from_millis(10),
        };
        let mut budget = Budget::default();
        let mut taken = 0;
        for tick in 0..1000 {
            let now = Duration::from_micros(tick * 100);
            taken += usize::from(budget.take(&limits, now));
        }
        assert_eq!(taken, 3 * 10);
        let none = Limits {
            messages: 0,
            ..limits
        };
        assert!(Budget::default().take(&none, Duration::ZERO));
    }
}
