// SPDX-License-Identifier: BSD-2-Clause
//! The IOMMU manager without seL4.
//!
//! [`Manager::start`] looks at what the machine has and what the system description grants, takes
//! the remapping units over so that they block everything, and decides whether grants can be given
//! at all. From then on [`Manager::call`] answers clients, and [`Manager::serve_faults`] stops and
//! records devices that overstepped.
//!
//! It fails closed: whatever is missing or doubtful, no device gets anything, the reason is in one
//! line of the log and in the answer to a status request, and what can be blocked is.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod check;
mod credit;
mod devices;
mod faults;
mod manager;
mod pages;
mod service;
mod start;
#[cfg(test)]
mod tests;

pub use manager::Manager;
pub use pages::Pages;
pub use start::{Given, MAX_UNITS};
