// SPDX-License-Identifier: BSD-2-Clause
//! The physical function of the Intel 82576, after the 'Intel 82576EB Gigabit Ethernet Controller
//! Datasheet'; `§` in this crate means its sections. It uses no queues and does no DMA itself: it
//! brings the device up and serves the mailboxes of its virtual functions.
//!
//! * [`Bringup`], then [`Link`]: from any state to a network card with a link. Both are told the
//!   time and never sleep.
//! * [`Policy`]: what the system description allows one virtual function.
//! * [`Pf`]: events and messages of all virtual functions, answered by policy, and no more of
//!   them in a second than [`Limits`] allow.
//! * [`Statistics`]: what each virtual function sent and received (§8.18).
//!
//! The messages are those of Linux' `igbvf`; any other word is refused politely. What a virtual
//! function writes is read once and then judged; nothing that it does can delay or disturb
//! another one.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod bringup;
mod budget;
mod filters;
mod link;
mod mac;
mod mailbox;
mod message;
mod pf;
mod policy;
mod registers;
mod statistics;
mod vf;

pub use bringup::{Bringup, Failure, Progress};
pub use budget::Limits;
pub use filters::{MULTICAST_HASHES, VLAN_FILTERS};
pub use link::{Link, LinkState};
pub use mac::Mac;
pub use message::{Answer, MESSAGE_WORDS, Refusal, Request};
pub use pf::{Event, Pf};
pub use policy::Policy;
pub use registers::{MAX_VFS, Reg};
pub use statistics::{Counters, Statistics};
