// SPDX-License-Identifier: BSD-2-Clause
//! A driver for the HPET (IA-PC HPET specification 1.0a, October 2004): a monotonic clock, and one
//! one-shot alarm from the first comparator that can deliver its interrupt as wanted.
//!
//! * The clock is never set back: an HPET that already runs is left running, so time goes on over
//!   a restart of the driver.
//! * The comparator is used in its 32-bit mode, which every device has and in which no write can
//!   be torn. An alarm that is further away than half its range is rung early, at half range;
//!   the caller looks at the clock and sets the alarm again.
//! * A comparator matches on equality only, so an alarm whose moment passes while it is being set
//!   would ring a whole wrap later. [`Hpet::arm`] checks for that and moves the alarm until it is
//!   certain to ring.
//!
//! Periodic mode is not used: a period with time-outs for several clients is software's business.
#![no_std]
#![forbid(unsafe_code)]

mod capabilities;
mod driver;
mod error;
#[cfg(test)]
mod model;
mod registers;
#[cfg(test)]
mod tests;
mod time;

pub use capabilities::{Capabilities, TimerCapabilities};
pub use driver::{Delivery, Hpet};
pub use error::Error;
pub use registers::Reg;
pub use time::Period;
