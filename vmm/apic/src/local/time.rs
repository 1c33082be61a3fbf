// SPDX-License-Identifier: BSD-2-Clause
//! The timer with its entry of the local vector table.

use super::LocalApic;
use crate::VirtualApic;
use crate::register::{Lvt, MASKED};
use crate::timer::TimerMode;

/// The shortest time in TSC ticks between two interrupts of a periodic timer, so that a guest gets
/// on between them and a monitor has other things to do. What ends in between counts as one.
pub(super) const MIN_PERIOD: u64 = 10_000;

impl<V: VirtualApic> LocalApic<V> {
    /// When the timer has to be looked at next, by [`expire`](Self::expire), in ticks of the TSC.
    #[inline]
    pub fn deadline(&self) -> Option<u64> {
        if self.table[Lvt::Timer as usize] & MASKED != 0 {
            return None;
        }
        self.timer.end().map(|end| end.max(self.not_before))
    }

    /// The time is `now`: a timer that ended requests its interrupt.
    pub fn expire(&mut self, now: u64) {
        if self.timer.expire(now) {
            if self.timer.mode() == TimerMode::Periodic {
                self.not_before = now.saturating_add(MIN_PERIOD);
            }
            self.raise(Lvt::Timer);
        }
    }

    /// IA32_TSC_DEADLINE.
    pub fn tsc_deadline(&mut self, now: u64) -> u64 {
        self.expire(now);
        self.timer.deadline()
    }

    /// Writes IA32_TSC_DEADLINE.
    pub fn set_tsc_deadline(&mut self, tsc: u64, now: u64) {
        self.expire(now);
        self.timer.set_deadline(tsc);
        self.expire(now);
    }
}
