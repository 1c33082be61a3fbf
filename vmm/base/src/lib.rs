// SPDX-License-Identifier: BSD-2-Clause
//! What the parts of the virtual machine monitor (VMM) share.
//!
//! * [`GuestRam`]: the guest's memory, read and written by guest-physical address ([`Gpa`]).
//! * [`PortDevice`], [`MmioDevice`]: models of devices, which do not know where they are.
//! * [`Message`]: a message-signalled interrupt, as a guest's driver wrote it.
//!
//! A model of a device is a state machine: an access changes its state and returns, and what it
//! wants of its surroundings (the level of a line, a message, a point in time) is asked of it
//! afterwards. So a model has no callbacks, knows nobody, and its state is one value.
//!
//! Whatever comes from the guest is hostile: every address is checked, and nothing here panics.
#![no_std]

#[cfg(test)]
extern crate std;

mod access;
mod device;
mod gpa;
mod message;
mod ram;

pub use access::Width;
pub use device::{MmioDevice, PortDevice};
pub use gpa::Gpa;
pub use message::Message;
pub use ram::{GuestRam, OutOfRange};
