// SPDX-License-Identifier: BSD-2-Clause
//! How much time may go to faults.
//!
//! A device that oversteps again and again must not take the processor from everybody else. So
//! serving faults costs credit, which comes back at a fixed share of the time that passes. Once it
//! is used up, the manager looks away until enough of it is back.

/// Ticks of the time-stamp counter that may be spent at once: some 10 to 30 ms.
const MOST: u64 = 1 << 25;
/// Ticks to have before it goes on after a rest.
const ENOUGH: u64 = MOST / 8;
/// One tick comes back in so many: 3 % of the time.
const SHARE: u64 = 32;
/// What each time costs besides: an interrupt, two changes of address space.
const ENTRY: u64 = 1 << 13;
/// Ticks in a millisecond, at least.
const TICKS_PER_MS: u64 = 1_000_000;

/// Time that may be spent on faults.
#[derive(Debug, Default)]
pub struct Credit {
    /// What was spent and has not come back; at most [`MOST`].
    used: u64,
    /// What `used` was reckoned at.
    at: u64,
    resting: bool,
}

impl Credit {
    /// Starts serving: whether there is credit for it.
    pub fn begin(&mut self, now: u64) -> bool {
        let back = now.saturating_sub(self.at) / SHARE;
        if back != 0 {
            self.used = self.used.saturating_sub(back);
            self.at = now;
        }
        self.resting &= self.used > MOST - ENOUGH;
        if !self.resting {
            self.used = MOST.min(self.used + ENTRY);
        }
        !self.resting
    }

    /// Takes note that serving went on until `now`: whether it may go on.
    pub fn spend(&mut self, now: u64) -> bool {
        let spent = now.saturating_sub(self.at);
        self.used = MOST.min(self.used.saturating_add(spent));
        self.at = self.at.max(now);
        self.resting = self.used == MOST;
        !self.resting
    }

    /// How long to rest, in milliseconds; 0 for not at all.
    pub fn rest_ms(&self) -> u64 {
        let missing = self.used.saturating_sub(MOST - ENOUGH) * u64::from(self.resting);
        (missing * SHARE).div_ceil(TICKS_PER_MS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_its_share_is_spent() {
        let mut credit = Credit::default();
        let (mut now, mut spent) = (0, 0);
        while now < 100 * MOST {
            if !credit.begin(now) {
                assert!(credit.rest_ms() > 0);
                now += TICKS_PER_MS;
                continue;
            }
            assert_eq!(credit.rest_ms(), 0);
            loop {
                now += 10_000;
                spent += 10_000;
                if !credit.spend(now) {
                    break;
                }
            }
        }
        let allowed = MOST + now / SHARE;
        assert!(spent <= allowed + allowed / 10, "{spent} of {allowed}");
        assert!(spent > allowed / 2);
    }

    #[test]
    fn a_rest_ends_when_enough_is_back() {
        let mut credit = Credit::default();
        assert!(credit.begin(5));
        assert!(!credit.spend(MOST + 5));
        assert_eq!(credit.rest_ms(), 135);
        assert!(!credit.begin(2 * MOST));
        assert!(credit.begin(MOST + 64 + ENOUGH * SHARE));
        assert!(credit.spend(MOST + 65 + ENOUGH * SHARE));
        // A clock that goes back gives nothing and breaks nothing.
        assert!(credit.begin(0) && credit.spend(0));
        assert!(!credit.spend(u64::MAX));
    }
}
