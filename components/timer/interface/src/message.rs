// SPDX-License-Identifier: BSD-2-Clause
//! The messages: three message registers each way, label 0.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use crate::VERSION;

/// Message registers of a [`Request`].
pub const REQUEST_WORDS: usize = 3;
/// Message registers of a [`Reply`].
pub const REPLY_WORDS: usize = 3;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Request {
    /// [`VERSION`] of the client.
    pub version: u16,
    /// An [`Operation`].
    pub operation: u16,
    /// The number of the time-out that [`Operation::Set`], [`Operation::SetAt`] and
    /// [`Operation::Cancel`] mean; else 0.
    pub timeout: u32,
    /// Set: nanoseconds from now. SetAt: nanoseconds of the timer's clock. Else 0.
    pub first_ns: u64,
    /// Set, SetAt: the period after the first end in nanoseconds, 0 for one-shot. Else 0.
    pub period_ns: u64,
}

/// What the timer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Reply {
    /// [`VERSION`] of the timer.
    pub version: u16,
    /// A [`Status`].
    pub status: u16,
    /// Answering [`Operation::Expired`]: the time-outs that ended since the last such call, a bit
    /// each. Else 0.
    pub expired: u32,
    /// The timer's clock in nanoseconds.
    pub now_ns: u64,
    /// Differs from life to life of the timer.
    pub generation: u64,
}

/// The operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Operation {
    /// Nothing but the clock, which every reply carries.
    Clock = 0,
    /// Starts a time-out a delay from now; one that runs already is replaced.
    Set = 1,
    /// Starts a time-out that ends at a moment of the timer's clock.
    SetAt = 2,
    /// Stops a time-out. One that ended meanwhile is forgotten, too.
    Cancel = 3,
    /// Asks which time-outs ended, and forgets them.
    Expired = 4,
}

impl Operation {
    /// The operation with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Clock,
            1 => Self::Set,
            2 => Self::SetAt,
            3 => Self::Cancel,
            4 => Self::Expired,
            _ => return None,
        })
    }
}

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Status {
    /// Done.
    Ok = 0,
    /// Another version, or the wrong number of message registers.
    Version = 1,
    /// No such operation, or a field that it does not use is not 0.
    Operation = 2,
    /// No such time-out.
    Timeout = 3,
    /// A delay or period above [`MAX_DELAY_NS`](crate::MAX_DELAY_NS), or a period below
    /// [`MIN_PERIOD_NS`](crate::MIN_PERIOD_NS).
    Range = 4,
}

impl Status {
    /// The status with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Ok,
            1 => Self::Version,
            2 => Self::Operation,
            3 => Self::Timeout,
            4 => Self::Range,
            _ => return None,
        })
    }
}

impl Request {
    /// A request that needs no time-out and no times.
    pub fn new(operation: Operation) -> Self {
        let operation = operation as u16;
        Self {
            version: VERSION,
            operation,
            timeout: 0,
            first_ns: 0,
            period_ns: 0,
        }
    }

    /// As message registers.
    pub fn to_words(self) -> [u64; REQUEST_WORDS] {
        transmute!(self)
    }

    /// From message registers. Any words are a request; its fields are to be checked.
    pub fn from_words(words: [u64; REQUEST_WORDS]) -> Self {
        transmute!(words)
    }
}

impl Reply {
    /// As message registers.
    pub fn to_words(self) -> [u64; REPLY_WORDS] {
        transmute!(self)
    }

    /// From message registers. Any words are a reply; its fields are to be checked.
    pub fn from_words(words: [u64; REPLY_WORDS]) -> Self {
        transmute!(words)
    }
}

#[cfg(test)]
mod tests {
    use core::mem::{offset_of, size_of};

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Request>(), 24);
        assert_eq!(offset_of!(Request, version), 0);
        assert_eq!(offset_of!(Request, operation), 2);
        assert_eq!(offset_of!(Request, timeout), 4);
        assert_eq!(offset_of!(Request, first_ns), 8);
        assert_eq!(offset_of!(Request, period_ns), 16);
        assert_eq!(size_of::<Reply>(), 24);
        assert_eq!(offset_of!(Reply, version), 0);
        assert_eq!(offset_of!(Reply, status), 2);
        assert_eq!(offset_of!(Reply, expired), 4);
        assert_eq!(offset_of!(Reply, now_ns), 8);
        assert_eq!(offset_of!(Reply, generation), 16);
    }

    #[test]
    fn words_and_back() {
        let request = Request {
            version: 1,
            operation: 2,
            timeout: 3,
            first_ns: 4,
            period_ns: u64::MAX,
        };
        assert_eq!(request.to_words(), [0x0000_0003_0002_0001, 4, u64::MAX]);
        assert_eq!(Request::from_words(request.to_words()), request);
        let reply = Reply {
            version: 1,
            status: 2,
            expired: 3,
            now_ns: 4,
            generation: 5,
        };
        assert_eq!(reply.to_words(), [0x0000_0003_0002_0001, 4, 5]);
        assert_eq!(Reply::from_words(reply.to_words()), reply);
    }

    #[test]
    fn numbers_and_back() {
        for number in 0..100 {
            assert!(Operation::from_number(number).is_none_or(|op| op as u16 == number));
            assert!(Status::from_number(number).is_none_or(|status| status as u16 == number));
        }
        assert_eq!(Operation::from_number(4), Some(Operation::Expired));
        assert_eq!(Operation::from_number(5), None);
        assert_eq!(Status::from_number(4), Some(Status::Range));
        assert_eq!(Status::from_number(5), None);
    }
}
