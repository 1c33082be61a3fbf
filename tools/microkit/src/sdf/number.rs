// SPDX-License-Identifier: BSD-2-Clause
//! Integers as a description writes them, and the limits they must keep.

/// Why a text is no number that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberError {
    Malformed,
    /// A number, but negative or of more than 64 bits.
    OutOfRange,
}

/// Decimal, or hexadecimal after `0x`; underscores may stand between the digits.
pub(super) fn parse(text: &str) -> Result<u64, NumberError> {
    let (negative, magnitude) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (digits, radix) = match magnitude.strip_prefix("0x") {
        Some(hex) => (hex, 16),
        None => (magnitude, 10),
    };
    let digits: String = digits.chars().filter(|&digit| digit != '_').collect();
    if digits.is_empty() || !digits.chars().all(|digit| digit.is_digit(radix)) {
        return Err(NumberError::Malformed);
    }
    // Only digits are left, so that it can fail by its size alone.
    match u64::from_str_radix(&digits, radix) {
        Ok(number) if !negative || number == 0 => Ok(number),
        _ => Err(NumberError::OutOfRange),
    }
}

/// The range of an attribute, and the reason for it, which is the help text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit {
    pub min: u64,
    pub max: u64,
    pub why: &'static str,
}

impl Limit {
    /// Any 64-bit number.
    pub const ANY: Self = Self::new(0, u64::MAX, "at most 64 bits");

    pub const fn new(min: u64, max: u64, why: &'static str) -> Self {
        Self { min, max, why }
    }

    pub fn contains(&self, number: u64) -> bool {
        (self.min..=self.max).contains(&number)
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.max > 0xffff {
            write!(f, "{:#x} to {:#x}", self.min, self.max)
        } else {
            write!(f, "{} to {}", self.min, self.max)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        use NumberError::{Malformed, OutOfRange};
        for (text, expected) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            ("62", Ok(62)),
            ("0x1000", Ok(0x1000)),
            ("0xFEd0_0000", Ok(0xfed0_0000)),
            ("1_000", Ok(1000)),
            ("007", Ok(7)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551616", Err(OutOfRange)),
            ("0x1_0000_0000_0000_0000", Err(OutOfRange)),
            ("-1", Err(OutOfRange)),
            ("-0x10", Err(OutOfRange)),
            ("", Err(Malformed)),
            ("0x", Err(Malformed)),
            ("_", Err(Malformed)),
            ("0X10", Err(Malformed)),
            ("10h", Err(Malformed)),
            ("+1", Err(Malformed)),
            (" 1", Err(Malformed)),
            ("1.5", Err(Malformed)),
            ("--1", Err(Malformed)),
            ("١", Err(Malformed)),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }
}
