// SPDX-License-Identifier: BSD-2-Clause
//! A guest that executes with interrupts off, for ever.
//!
//! Such a guest takes its share of the processor and nothing more, but it will never do anything
//! again. It is found by looking at it now and then, which costs an exit each: as long as it had
//! interrupts off each time, and did nothing in between that exits, it goes on being suspected. A
//! guest that polls a device with interrupts off is not: it exits. Time is the guest's own, not the
//! clock's, so a guest that gets little of the processor is given more time.

/// How many looks there are in the time after which a guest hangs.
const LOOKS: u64 = 4;

/// Looks after a guest.
#[derive(Debug, Clone, Copy)]
pub struct Watchdog {
    patience: u64,
    next: u64,
    /// When suspicion began, and the guest's exits then.
    suspected: Option<(u64, u64)>,
}

impl Watchdog {
    /// A guest hangs after it has executed so many ticks with interrupts off. 0: never.
    pub const fn new(patience: u64) -> Self {
        Self {
            patience,
            next: if patience == 0 { u64::MAX } else { 0 },
            suspected: None,
        }
    }

    /// When the guest is to be looked at, in ticks that it has executed; [`u64::MAX`]: never.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Looks. `executed`: ticks that the guest has executed. `exits`: how often it has exited, but
    /// for those exits that were made to look. Returns whether it hangs.
    pub fn look(&mut self, executed: u64, exits: u64, interrupts_off: bool) -> bool {
        if self.patience == 0 {
            return false;
        }
        self.next = executed.saturating_add((self.patience / LOOKS).max(1));
        match self.suspected {
            _ if !interrupts_off => self.suspected = None,
            Some((since, then)) if then == exits => {
                return executed.saturating_sub(since) >= self.patience;
            }
            _ => self.suspected = Some((executed, exits)),
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks when it is due, at a guest of which `f` says (exits, interrupts off) by time. Returns
    /// when it hangs.
    fn watch(mut watchdog: Watchdog, until: u64, f: impl Fn(u64) -> (u64, bool)) -> Option<u64> {
        let mut now = watchdog.next();
        while now < until {
            let (exits, off) = f(now);
            if watchdog.look(now, exits, off) {
                return Some(now);
            }
            assert!(watchdog.next() > now);
            now = watchdog.next();
        }
        None
    }

    #[test]
    fn finds_a_guest_that_hangs() {
        let dog = Watchdog::new(1_000);
        assert_eq!(watch(dog, 10_000, |_| (7, true)), Some(1_000));
        let late = |now| (if now < 2_000 { now } else { 2_000 }, true);
        assert_eq!(watch(dog, 10_000, late), Some(3_000));
    }

    #[test]
    fn does_not_suspect_the_living() {
        let dog = Watchdog::new(1_000);
        assert_eq!(watch(dog, 100_000, |_| (7, false)), None, "interrupts on");
        assert_eq!(watch(dog, 100_000, |now| (now, true)), None, "it polls");
        let now_and_then = |now: u64| (7, !now.is_multiple_of(750));
        assert_eq!(watch(dog, 100_000, now_and_then), None);
    }

    #[test]
    fn may_be_off() {
        let mut off = Watchdog::new(0);
        assert_eq!(off.next(), u64::MAX);
        assert!(!off.look(u64::MAX, 0, true) && !off.look(u64::MAX, 0, true));
        assert_eq!(off.next(), u64::MAX);
    }

    #[test]
    fn the_end_of_time_is_no_problem() {
        let mut dog = Watchdog::new(1);
        assert!(!dog.look(u64::MAX, 1, true));
        assert_eq!(dog.next(), u64::MAX);
        assert!(!dog.look(u64::MAX, 1, true));
    }
}
