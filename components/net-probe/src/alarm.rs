// SPDX-License-Identifier: BSD-2-Clause
//! When the timer has to be told about a time-out: as rarely as possible, since each call costs more
//! than a small packet. Time-outs of TCP mostly move away before they end. So one that is too early
//! stays as it is; when it ends, there is nothing to do but to set the next.

use core::time::Duration;

/// The time-out that the timer has.
#[derive(Debug, Default)]
pub struct Alarm {
    set: Option<Duration>,
}

impl Alarm {
    /// The time-out has ended, or is gone.
    pub fn ended(&mut self) {
        self.set = None;
    }

    /// Something is to be done at `moment`. Returns it if the timer has to be told.
    pub fn want(&mut self, moment: Option<Duration>) -> Option<Duration> {
        let moment = moment?;
        if self.set.is_some_and(|set| set <= moment) {
            return None;
        }
        self.set = Some(moment);
        self.set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timer_is_told_only_of_earlier_time_outs() {
        let ms = Duration::from_millis;
        let mut alarm = Alarm::default();
        for (wanted, told) in [
            (None, false),
            (Some(ms(10)), true),
            (Some(ms(20)), false),
            (Some(ms(10)), false),
            (None, false),
            (Some(ms(9)), true),
        ] {
            assert_eq!(alarm.want(wanted).is_some(), told, "{wanted:?}");
        }
        alarm.ended();
        assert_eq!(alarm.want(Some(ms(20))), Some(ms(20)));
    }
}
