// SPDX-License-Identifier: BSD-2-Clause
//! Registers of the MC146818, and how time is written in them.

use bitflags::bitflags;

use super::calendar::Civil;

/// Indices. What is not here is memory.
pub mod index {
    pub const SECONDS: u8 = 0x00;
    pub const SECONDS_ALARM: u8 = 0x01;
    pub const MINUTES: u8 = 0x02;
    pub const MINUTES_ALARM: u8 = 0x03;
    pub const HOURS: u8 = 0x04;
    pub const HOURS_ALARM: u8 = 0x05;
    pub const WEEKDAY: u8 = 0x06;
    pub const DAY: u8 = 0x07;
    pub const MONTH: u8 = 0x08;
    pub const YEAR: u8 = 0x09;
    pub const A: u8 = 0x0a;
    pub const B: u8 = 0x0b;
    pub const C: u8 = 0x0c;
    pub const D: u8 = 0x0d;
    /// A PC's, and not the chip's: where ACPI's FADT says it is.
    pub const CENTURY: u8 = 0x32;
}

/// The registers of time, by their indices.
pub const TIME: [u8; 8] = [
    index::SECONDS,
    index::MINUTES,
    index::HOURS,
    index::WEEKDAY,
    index::DAY,
    index::MONTH,
    index::YEAR,
    index::CENTURY,
];

/// Register A: an update is in progress, or will be soon.
pub const UPDATE_IN_PROGRESS: u8 = 1 << 7;
/// Register A: the divider, which runs from a crystal of 32,768 Hz with this value only.
pub const DIVIDER: u8 = 0b111 << 4;
pub const DIVIDER_RUNS: u8 = 0b010 << 4;
/// Register A: the rate of the periodic interrupt.
pub const RATE: u8 = 0xf;
/// Register C: any enabled flag is set.
pub const INTERRUPT: u8 = 1 << 7;
/// Register D: the battery never failed.
pub const VALID: u8 = 1 << 7;
/// The hour is past noon, with 12 hours.
const PM: u8 = 1 << 7;

bitflags! {
    /// Register B.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Control: u8 {
        /// 24 hours, not 12.
        const HOURS_24 = 1 << 1;
        /// Binary, not decimal digits.
        const BINARY = 1 << 2;
        /// 'Update ended' interrupt.
        const UPDATE = 1 << 4;
        /// Alarm interrupt.
        const ALARM = 1 << 5;
        /// Periodic interrupt.
        const PERIODIC = 1 << 6;
        /// Updates are inhibited, so that time can be set.
        const SET = 1 << 7;
        /// Bits that are only stored: daylight saving, square wave.
        const STORED = 1 << 0 | 1 << 3;
    }
}

impl Control {
    fn number(self, value: u8) -> u8 {
        if self.contains(Self::BINARY) {
            return value;
        }
        (value >> 4).wrapping_mul(10).wrapping_add(value & 0xf)
    }

    fn digits(self, value: u8) -> u8 {
        if self.contains(Self::BINARY) {
            return value;
        }
        let (tens, ones) = (value / 10 % 10, value % 10);
        tens << 4 | ones
    }

    fn hour(self, value: u8) -> u8 {
        if self.contains(Self::HOURS_24) {
            return self.number(value);
        }
        let afternoon = if value & PM != 0 { 12 } else { 0 };
        (self.number(value & !PM) % 12).wrapping_add(afternoon)
    }

    /// The value of the register of that index at a time.
    pub fn encode(self, index: u8, time: &Civil) -> u8 {
        match index {
            index::SECONDS => self.digits(time.second),
            index::MINUTES => self.digits(time.minute),
            index::HOURS if self.contains(Self::HOURS_24) => self.digits(time.hour),
            index::HOURS => {
                let half = if time.hour >= 12 { PM } else { 0 };
                // Twelve stands for zero.
                half | self.digits((time.hour + 11) % 12 + 1)
            }
            index::WEEKDAY => self.digits(time.weekday),
            index::DAY => self.digits(time.day),
            index::MONTH => self.digits(time.month),
            index::YEAR => self.digits(time.year.rem_euclid(100) as u8),
            _ => self.digits((time.year.div_euclid(100)).rem_euclid(100) as u8),
        }
    }

    /// The time that these registers, in the order of [`TIME`], mean. What means nothing becomes
    /// the nearest that does.
    pub fn decode(self, registers: &[u8; 8]) -> Civil {
        let [second, minute, hour, weekday, day, month, year, century] = *registers;
        let year_of_century = self.number(year).min(99);
        Civil {
            year: 100 * i64::from(self.number(century).min(99)) + i64::from(year_of_century),
            month: self.number(month).clamp(1, 12),
            day: self.number(day).clamp(1, 31),
            hour: self.hour(hour).min(23),
            minute: self.number(minute).min(59),
            second: self.number(second).min(59),
            weekday: self.number(weekday).clamp(1, 7),
        }
    }

    /// The hour, minute and second at which the alarm goes off; `None` is any.
    pub fn alarm(self, hours: u8, minutes: u8, seconds: u8) -> [Option<u8>; 3] {
        let any = |value: u8| value & 0xc0 == 0xc0;
        [
            (!any(hours)).then(|| self.hour(hours)),
            (!any(minutes)).then(|| self.number(minutes)),
            (!any(seconds)).then(|| self.number(seconds)),
        ]
    }
}
