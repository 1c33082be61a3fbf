// SPDX-License-Identifier: BSD-2-Clause
//! Date and time of a second since 1970, in the Gregorian calendar and without leap seconds.

const DAY: i64 = 24 * 60 * 60;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH: i64 = 719_468;
/// Days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;

/// A date and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    pub hour: u8,
    pub minute: u8,
    pub second: u8,
    /// 1 to 7, from Sunday.
    pub weekday: u8,
}

impl Civil {
    /// Of a count of seconds since 1970-01-01 00:00:00.
    pub fn from_seconds(seconds: i64) -> Self {
        let (days, time) = (seconds.div_euclid(DAY), seconds.rem_euclid(DAY));
        // Years begin in March here, so that the leap day is their last.
        let since = days + EPOCH;
        let (era, of_era) = (since.div_euclid(ERA), since.rem_euclid(ERA));
        let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        // Months from March have 31, 30, 31, 30, 31 days again and again: 153 in five.
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let (month, next) = if month < 10 {
            (month + 3, 0)
        } else {
            (month - 9, 1)
        };
        Self {
            year: 400 * era + year + next,
            month: month as u8,
            day: day as u8,
            hour: (time / 3600) as u8,
            minute: (time / 60 % 60) as u8,
            second: (time % 60) as u8,
            // 1970-01-01 was a Thursday.
            weekday: ((days + 4).rem_euclid(7) + 1) as u8,
        }
    }

    /// The count of seconds. The weekday does not matter; a day that the month has not got is one
    /// of the next month.
    pub fn seconds(&self) -> i64 {
        let month = i64::from(self.month);
        let (year, month) = if month > 2 {
            (self.year, month - 3)
        } else {
            (self.year - 1, month + 9)
        };
        let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let of_year = (153 * month + 2) / 5 + i64::from(self.day) - 1;
        let days = ERA * era + 365 * of_era + of_era / 4 - of_era / 100 + of_year - EPOCH;
        let (hour, minute) = (i64::from(self.hour), i64::from(self.minute));
        DAY * days + 3600 * hour + 60 * minute + i64::from(self.second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn dates() {
        for (seconds, year, month, day, hour, minute, second, weekday) in [
            (0, 1970, 1, 1, 0, 0, 0, 5),
            (-1, 1969, 12, 31, 23, 59, 59, 4),
            (951_782_399, 2000, 2, 28, 23, 59, 59, 2),
            (951_782_400, 2000, 2, 29, 0, 0, 0, 3),
            (951_868_800, 2000, 3, 1, 0, 0, 0, 4),
            (4_107_542_400, 2100, 3, 1, 0, 0, 0, 2),
            (1_798_675_199, 2026, 12, 30, 23, 59, 59, 4),
            (-62_167_219_200, 0, 1, 1, 0, 0, 0, 7),
            (253_402_300_799, 9999, 12, 31, 23, 59, 59, 6),
        ] {
            let civil = Civil {
                year,
                month,
                day,
                hour,
                minute,
                second,
                weekday,
            };
            assert_eq!(Civil::from_seconds(seconds), civil);
            assert_eq!(civil.seconds(), seconds);
        }
    }

    proptest! {
        #[test]
        fn there_and_back(seconds in -62_167_219_200i64..253_402_300_800) {
            let civil = Civil::from_seconds(seconds);
            prop_assert_eq!(civil.seconds(), seconds);
            let next = Civil::from_seconds(seconds + DAY);
            prop_assert_eq!(next.weekday, civil.weekday % 7 + 1);
            prop_assert!((1..=12).contains(&civil.month) && (1..=31).contains(&civil.day));
        }
    }
}
