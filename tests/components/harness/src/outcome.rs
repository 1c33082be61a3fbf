// SPDX-License-Identifier: BSD-2-Clause
//! Why a test did not pass.

use core::fmt::{self, Write};

/// Longest message in bytes; what is longer is cut. A result must stay small enough to return.
const MESSAGE_MAX: usize = 96;

/// Text of a failure.
pub type Message = heapless::String<MESSAGE_MAX, u8>;

/// What a test returns.
pub type TestResult = Result<(), Failure>;

/// Why a test did not pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// A check failed.
    Failed {
        /// Source file of the check.
        file: &'static str,
        /// Its line.
        line: u32,
        /// What was expected and what was found.
        message: Message,
    },
    /// The test cannot be made here.
    Skipped {
        /// Why.
        reason: Message,
    },
}

impl Failure {
    /// A failed check.
    pub fn failed(file: &'static str, line: u32, message: fmt::Arguments<'_>) -> Self {
        Self::Failed {
            file,
            line,
            message: cut(message),
        }
    }

    /// A skipped test.
    pub fn skipped(reason: fmt::Arguments<'_>) -> Self {
        Self::Skipped {
            reason: cut(reason),
        }
    }
}

/// Any other error fails the test where `?` has met it.
impl<E: core::error::Error> From<E> for Failure {
    #[track_caller]
    fn from(error: E) -> Self {
        let place = core::panic::Location::caller();
        Self::failed(place.file(), place.line(), format_args!("{error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed {
                file,
                line,
                message,
            } => write!(f, "FAILED: {message} ({file}:{line})"),
            Self::Skipped { reason } => write!(f, "skipped: {reason}"),
        }
    }
}

/// One line of text, as much as there is room for.
fn cut(text: fmt::Arguments<'_>) -> Message {
    struct Cutter(Message);

    impl Write for Cutter {
        fn write_str(&mut self, s: &str) -> fmt::Result {
            for c in s.chars() {
                let c = if c.is_control() { ' ' } else { c };
                self.0.push(c).map_err(|_| fmt::Error)?;
            }
            Ok(())
        }
    }

    let mut cutter = Cutter(Message::new());
    // An error means that there is no more room: the beginning is there.
    let _ = cutter.write_fmt(text);
    cutter.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_name_their_place() {
        let failure = Failure::failed("a.rs", 7, format_args!("{} is not {}", 1, 2));
        assert_eq!(failure.to_string(), "FAILED: 1 is not 2 (a.rs:7)");
        let skipped = Failure::skipped(format_args!("no {}", "HPET"));
        assert_eq!(skipped.to_string(), "skipped: no HPET");
    }

    #[test]
    fn errors_fail_where_they_are_met() {
        fn test() -> TestResult {
            Err(fmt::Error)?;
            Ok(())
        }
        let text = test().unwrap_err().to_string();
        let place = format!("FAILED: {} ({}:", fmt::Error, file!());
        assert!(text.starts_with(&place), "{text}");
    }

    #[test]
    fn messages_are_one_line_of_bounded_length() {
        let failure = Failure::failed("a.rs", 7, format_args!("x\ny\r{}", "z".repeat(500)));
        let text = failure.to_string();
        assert!(text.starts_with("FAILED: x y z"));
        assert!(text.ends_with("zzz (a.rs:7)"));
        assert_eq!(
            text.len(),
            "FAILED: ".len() + MESSAGE_MAX + " (a.rs:7)".len()
        );
    }
}
