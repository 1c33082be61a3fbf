// SPDX-License-Identifier: BSD-2-Clause
//! Errors of invocations.

use core::{fmt, result};

/// What an invocation returns.
pub type Result<T> = result::Result<T, Error>;

/// Why the kernel refused an invocation (`seL4_Error`).
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
#[repr(u64)]
pub enum Error {
    /// An argument has a value that the method does not take.
    InvalidArgument = 1,
    /// A capability is of the wrong type, or null.
    InvalidCapability = 2,
    /// The operation is not allowed in the object's present state.
    IllegalOperation = 3,
    /// An argument is out of range.
    RangeError = 4,
    /// An address is not aligned to the object's size.
    AlignmentError = 5,
    /// A capability address could not be resolved, or a level of page table is missing.
    FailedLookup = 6,
    /// The message has fewer words or capabilities than the method needs.
    TruncatedMessage = 7,
    /// The destination slot or mapping is in use.
    DeleteFirst = 8,
    /// The object still has derived capabilities.
    RevokeFirst = 9,
    /// An untyped has too little free memory.
    NotEnoughMemory = 10,
}

impl Error {
    const ALL: [Self; 10] = [
        Self::InvalidArgument,
        Self::InvalidCapability,
        Self::IllegalOperation,
        Self::RangeError,
        Self::AlignmentError,
        Self::FailedLookup,
        Self::TruncatedMessage,
        Self::DeleteFirst,
        Self::RevokeFirst,
        Self::NotEnoughMemory,
    ];

    /// The kernel's number of this error.
    pub const fn into_sys(self) -> u64 {
        self as u64
    }

    /// The error with the kernel's number `err`; `None` for 0, no error.
    ///
    /// # Panics
    ///
    /// When `err` is no error number at all: then the reply did not come from the kernel.
    pub fn from_sys(err: u64) -> Option<Self> {
        match err {
            0 => None,
            1..=10 => Some(Self::ALL[err as usize - 1]),
            _ => panic!("{err} is not a seL4 error number"),
        }
    }

    /// `Ok(value)` for error number 0.
    pub(crate) fn or<T>(err: u64, value: T) -> Result<T> {
        Self::from_sys(err).map_or(Ok(value), Err)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidArgument => "invalid argument",
            Self::InvalidCapability => "invalid capability",
            Self::IllegalOperation => "illegal operation",
            Self::RangeError => "argument out of range",
            Self::AlignmentError => "address not aligned",
            Self::FailedLookup => "failed lookup",
            Self::TruncatedMessage => "message too short",
            Self::DeleteFirst => "slot or mapping in use",
            Self::RevokeFirst => "object has derived capabilities",
            Self::NotEnoughMemory => "not enough memory",
        })
    }
}

impl core::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_convert_both_ways() {
        assert_eq!(Error::from_sys(0), None);
        for number in 1..=10 {
            assert_eq!(Error::from_sys(number).map(Error::into_sys), Some(number));
        }
        assert_eq!(Error::or(0, 7), Ok(7));
        assert_eq!(Error::or(10, 7), Err(Error::NotEnoughMemory));
    }

    #[test]
    #[should_panic(expected = "11 is not a seL4 error number")]
    fn foreign_number() {
        let _ = Error::from_sys(11);
    }
}
