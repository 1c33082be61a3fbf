// SPDX-License-Identifier: BSD-2-Clause
//! What the timer and its clients share.
//!
//! A client calls the timer (protected procedure call) with a [`Request`] and gets a [`Reply`]. Each
//! client has [`TIMEOUTS`] time-outs of its own, numbered from 0, each one-shot or periodic. When
//! some have ended, the timer notifies the client's channel, and the client asks which by
//! [`Timer::expired`]. [`Timer`] is the client's side, ready to use.
//!
//! If the timer's protection domain is started anew, all time-outs are gone: the client's channel is
//! notified, and its next call returns [`Error::Restarted`], once.
#![no_std]
#![forbid(unsafe_code)]

mod client;
mod expired;
mod message;
#[cfg(feature = "microkit")]
mod transport;

pub use client::{Call, Error, NoReply, Timer};
pub use expired::Expired;
pub use message::{Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request, Status};

/// Raised with every change of the messages.
pub const VERSION: u16 = 1;

/// The number of time-outs of each client.
pub const TIMEOUTS: usize = 8;

/// The shortest period of a periodic time-out in nanoseconds. It bounds the share of the processor
/// that one client can make the timer spend.
pub const MIN_PERIOD_NS: u64 = 100_000;

/// The longest delay and period in nanoseconds, 146 years.
pub const MAX_DELAY_NS: u64 = 1 << 62;
