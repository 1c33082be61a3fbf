// SPDX-License-Identifier: BSD-2-Clause
//! The monitor without seL4: it describes faults of protection domains in one line each, and starts
//! a protection domain again as often as the system description allows.
#![no_std]
#![forbid(unsafe_code)]

mod cause;
mod policy;

pub use cause::{Access, Cause};
pub use policy::{Control, Fault, Monitor};
