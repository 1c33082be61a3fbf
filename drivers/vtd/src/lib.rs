// SPDX-License-Identifier: BSD-2-Clause
//! Intel VT-d remapping hardware, after the 'Intel Virtualization Technology for Directed I/O'
//! architecture specification, revision 4.1 (order number D51397).
//!
//! This part reads: where the registers are ([`Reg32`], [`Reg64`]), what a unit can do
//! ([`Capabilities`], [`ExtendedCapabilities`]), what firmware left behind ([`GlobalStatus`]),
//! and whether it is enough to keep a device inside its domain ([`Needs`], [`Missing`]).
//! It writes nothing.
#![no_std]
#![forbid(unsafe_code)]

mod capabilities;
mod extended_capabilities;
mod list;
mod registers;
mod requirements;
mod status;
#[cfg(test)]
mod tests;
mod unit;

pub use capabilities::Capabilities;
pub use extended_capabilities::ExtendedCapabilities;
pub use registers::{Reg32, Reg64};
pub use requirements::{Missing, Needs};
pub use status::{GlobalStatus, ProtectedMemory, Version};
pub use unit::{Absent, Unit};
