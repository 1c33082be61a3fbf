// SPDX-License-Identifier: BSD-2-Clause
//! What the PF manager and its clients share.
//!
//! The system description says which virtual function belongs to which channel: a client is known by
//! its channel, never by what it says. It calls the PF manager (protected procedure call) with a
//! [`Request`] and gets a [`Reply`]. [`PfManager`] is the client's side, ready to use; [`Owner`] does
//! with it what most clients want.
//!
//! 1. [`PfManager::claim`]. [`Claim::Pending`] means that the device is still being started or
//!    reset: wait for a notification and claim again.
//! 2. [`PfManager::info`], then use the function: its BARs and DMA memory are mapped already, its
//!    interrupts are bound.
//! 3. Every change of the function's [`State`] is notified; [`PfManager::query`] tells what it is.
//!    A function that left its grant is [`State::Quarantined`] until [`PfManager::release`].
//! 4. [`PfManager::give_up`] takes everything back. It can be claimed again.
//!
//! If the PF manager's protection domain is started anew, all functions are revoked and reset: the
//! client's channel is notified, and its next call returns [`Error::Restarted`], once. It then has
//! to claim its function again.
#![no_std]
#![forbid(unsafe_code)]

mod client;
mod info;
mod message;
mod owner;
mod record;
mod state;
mod statistics;
#[cfg(feature = "microkit")]
mod transport;

pub use client::{Call, Claim, Error, NoReply, PfManager};
pub use info::{Driver, Info, Link, MAX_HANDLES, WireInfo};
pub use message::{BODY_WORDS, Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request, Status};
pub use owner::{Event, Owner};
pub use record::{Access, Fault, Query, WireFault};
pub use state::{Reason, State};
pub use statistics::Statistics;

/// Raised with every change of the messages.
pub const VERSION: u16 = 1;
