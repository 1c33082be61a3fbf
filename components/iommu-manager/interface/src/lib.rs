// SPDX-License-Identifier: BSD-2-Clause
//! What the IOMMU manager and its clients share.
//!
//! A client calls the manager (protected procedure call) with a [`Request`] and gets a [`Reply`].
//! [`Manager`] is the client's side, ready to use. Everybody may ask how things are; what devices
//! may do changes only the PF manager, and only within what the system description grants.
//!
//! A device is named by its requester id: bus << 8 | device << 3 | function. It is *blocked* until
//! it is attached: its DMA reaches nothing. *Attached*, it reaches exactly what its
//! `<io_address_space>` says, and raises the interrupts that were bound for it. When it oversteps,
//! it is *quarantined*: nothing of it passes, a [`Record`] is kept, the PF manager's channel is
//! notified. [`Manager::detach`] ends a quarantine; before that, the device's function must be
//! reset, or else it goes on with what it was doing as soon as it is attached again.
#![no_std]
#![forbid(unsafe_code)]

mod client;
mod code;
mod message;
#[cfg(feature = "microkit")]
mod transport;

pub use client::{Call, Error, Manager, NoReply};
pub use code::{Access, Operation, Reason, Refusal, State, Status};
pub use message::{
    Body, Counters, DeviceState, Fault, Protection, REPLY_WORDS, REQUEST_WORDS, Record, Reply,
    Request,
};

/// Raised with every change of the messages.
pub const VERSION: u16 = 1;
