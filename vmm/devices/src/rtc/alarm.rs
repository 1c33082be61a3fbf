// SPDX-License-Identifier: BSD-2-Clause
//! When the alarm goes off next.

const DAY: i64 = 24 * 60 * 60;
/// Hours, minutes and seconds that have to be passed at most.
const STEPS: usize = 24 + 60 + 60 + 3;

/// The first second after `now` whose time of day is the alarm's; `None` in it is any. There is none
/// if the alarm's values are not of a time of day.
pub fn next([hour, minute, second]: [Option<u8>; 3], now: i64) -> Option<i64> {
    let mut at = now.checked_add(1)?;
    let differs =
        |wanted: Option<u8>, is: i64| wanted.is_some_and(|wanted| i64::from(wanted) != is);
    for _ in 0..STEPS {
        let time = at.rem_euclid(DAY);
        let unit = if differs(hour, time / 3600) {
            3600
        } else if differs(minute, time / 60 % 60) {
            60
        } else if differs(second, time % 60) {
            1
        } else {
            return Some(at);
        };
        at = at.checked_add(unit - time % unit)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alarms() {
        for (alarm, now, expected) in [
            ([None, None, None], 10, Some(11)),
            ([None, None, Some(5)], 5, Some(65)),
            ([Some(0), Some(0), Some(0)], 0, Some(DAY)),
            ([Some(23), Some(59), Some(59)], 0, Some(DAY - 1)),
            ([Some(23), Some(59), Some(59)], DAY - 1, Some(2 * DAY - 1)),
            ([None, Some(59), Some(59)], 3599, Some(7199)),
            ([Some(24), None, None], 0, None),
            ([None, Some(60), None], 0, None),
            ([None, None, Some(0xbf)], 0, None),
            ([None, None, None], i64::MAX, None),
        ] {
            assert_eq!(next(alarm, now), expected, "{alarm:?} {now}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_first(
            hour in prop::option::of(0u8..26),
            minute in prop::option::of(0u8..62),
            second in prop::option::of(0u8..62),
            now in 0..2 * DAY,
        ) {
            let is = |wanted: Option<u8>, value: i64| wanted.is_none_or(|wanted| i64::from(wanted) == value);
            let first = (now + 1..=now + DAY).find(|at| {
                is(hour, at / 3600 % 24) && is(minute, at / 60 % 60) && is(second, at % 60)
            });
            prop_assert_eq!(next([hour, minute, second], now), first);
        }
    }
}
