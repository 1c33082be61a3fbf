// SPDX-License-Identifier: BSD-2-Clause
//! Single root I/O virtualisation, after the 'PCI Express Base Specification', revision 5.0,
//! chapter 9; `§` in this crate means its sections.
//!
//! * [`Sriov`]: what a physical function can do; [`Routing`]: who its virtual functions are;
//!   [`Placement`]: where their BARs are, which the system description says.
//! * [`Enable`], [`Disable`]: all virtual functions of a physical function come and go together.
//!   Both are told the time and never sleep. [`set_bus_master`] is about one of them.
//! * [`Vf`]: the life of one virtual function, from absent to granted, quarantined, reset and
//!   back. It decides what may happen and in which order; [`Effects`] does it.
//!
//! What the device says about itself is checked before it is used.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod capability;
mod disable;
mod enable;
mod error;
mod placement;
mod routing;
#[cfg(test)]
mod testing;
mod vf;

pub use capability::{Control, Sriov};
pub use disable::Disable;
pub use enable::{Enable, Setup, set_bus_master};
pub use error::{Error, Result};
pub use placement::{PAGE_BYTES, Placement};
pub use routing::Routing;
pub use vf::{Action, Effects, Goal, Outcome, Owner, Reason, Refused, State, Vf};
