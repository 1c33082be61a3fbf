// SPDX-License-Identifier: BSD-2-Clause
//! What blk-probe does, without seL4: it gets a virtual function of an NVMe controller, fills the
//! beginning of its namespace with a pattern, reads that back, and compares.
//!
//! * [`Probe`] owns the function and drives the controller: from the claim to the first command, and
//!   again after a quarantine or a failure.
//! * A round writes and reads with [`BUFFERS`] commands under way, told of their end by interrupts.
//!
//! It is told the time and never waits. What is worth a line on the console is a [`Report`].
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod buffers;
mod command;
mod interrupt;
mod pattern;
mod probe;
mod reads;
mod report;
mod round;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use buffers::{BUFFER_BYTES, BUFFERS, Buffers};
pub use command::Command;
pub use probe::Probe;
pub use report::{Failure, Latencies, Report, Verified};

/// As much of the namespace is written and read in a round, or all of it if it is smaller.
pub const ROUND_BYTES: u64 = 64 << 20;
