// SPDX-License-Identifier: BSD-2-Clause
//! What net-probe does, without seL4: a virtual function of a network card under the TCP/IP stack
//! smoltcp, and a few things to do with them.
//!
//! * [`Station`] drives a virtual function that was granted: from reset to a link, again after a
//!   failure, and then the [`Probe`]. [`enable_interrupt`] is what it wants before.
//! * [`Probe`] is the stack with its services: an address by DHCP besides a fixed one, pings of the
//!   gateway and of its neighbour on the card, an echo on port 7, a drain on port 9, measurements.
//! * [`Port`] joins stack and driver. [`Clock`] and [`Alarm`] keep calls to the timer rare.
//!
//! Everything is told the time and never waits. What is worth a line on the console is a [`Report`].
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod alarm;
mod checksum;
mod clock;
mod command;
mod icmp;
mod interrupt;
mod measure;
mod pinger;
mod port;
mod probe;
mod report;
mod services;
mod station;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use alarm::Alarm;
pub use clock::{Clock, Moment};
pub use command::{Command, HELP};
pub use interrupt::{NoInterrupt, enable_interrupt};
pub use port::Port;
pub use probe::{Config, Probe};
pub use report::{Report, Target};
pub use station::Station;
