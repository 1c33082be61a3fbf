// SPDX-License-Identifier: BSD-2-Clause
//! How often the alarm may ring.
//!
//! Each ring costs processor time at the timer's high priority. With many short periods, on a slow
//! machine, serving them could take all of it. So after each service the next ring waits at least
//! twice as long as the service took: at most a third of the processor goes to the timer, and what
//! ends meanwhile ends together.

/// The rest in nanoseconds after a service that took no time at all.
const LEAST_REST_NS: u64 = 5_000;

/// The earliest moment at which the alarm may ring.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    not_before: u64,
}

impl Pace {
    /// Takes note of a service from `start` to `end`.
    pub fn served(&mut self, start: u64, end: u64) {
        let rest = end
            .saturating_sub(start)
            .saturating_mul(2)
            .max(LEAST_REST_NS);
        self.not_before = end.saturating_add(rest);
    }

    /// When to ring for what ends at `end`.
    pub fn ring(&self, end: u64) -> u64 {
        end.max(self.not_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_twice_as_long_as_it_works() {
        let mut pace = Pace::default();
        assert_eq!(pace.ring(7), 7);
        pace.served(1_000, 41_000);
        assert_eq!(pace.ring(50_000), 121_000);
        assert_eq!(pace.ring(200_000), 200_000);
        pace.served(300_000, 300_000);
        assert_eq!(pace.ring(0), 305_000);
        pace.served(0, u64::MAX);
        assert_eq!(pace.ring(0), u64::MAX);
    }
}
