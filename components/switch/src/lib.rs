// SPDX-License-Identifier: BSD-2-Clause
//! The switch without seL4: which frame goes where, and which goes nowhere.
//!
//! * Each port has one address, which the system description gives it. A frame whose sender is another
//!   goes nowhere, so no client can pass for another.
//! * A frame for one address goes to the port that has it and to no other; one for an address that
//!   nobody has goes nowhere. One for several goes to all others.
//! * A client can have half of the places in another's ring, and a quarter by frames for several: so
//!   one that floods leaves room for others. What does not fit is dropped and counted.
//! * Ports are served in turn, a bounded number of frames each.
#![no_std]
#![forbid(unsafe_code)]

mod port;
mod quota;
mod switch;

pub use port::Port;
pub use switch::{Event, MAX_PORTS, Switch};
