// SPDX-License-Identifier: BSD-2-Clause
//! The hardware side of Intel VT-d (architecture specification, revision 4.1; `§` means its
//! sections) as a model on the host: legacy mode, queued invalidation, interrupt remapping and
//! posting, fault recording.
//!
//! It is an oracle for drivers: written from the specification, sharing nothing with a driver but
//! the trait for registers. A [`Board`] has memory and some remapping units. A driver works on it
//! through [`Registers`] and the memory functions; a test plays the devices ([`Board::dma`],
//! [`Board::message`]) and compares what happens with what should.
//!
//! Hardware caches what it has read, so that a forgotten invalidation lets a device go on where
//! it should be stopped. Besides, the board watches every change to a table in use and reports by
//! name each [`Rule`] that a driver breaks, also where a cache happens to be empty.
//!
//! Not modelled: first-level tables, requests with a process id, device TLBs, page requests.
#![forbid(unsafe_code)]

mod board;
mod hardware;
mod memory;
mod options;
mod rules;
mod watch;

pub use board::{Board, Registers};
pub use hardware::{Interrupt, QueueFault};
pub use options::Options;
pub use rules::{Rule, Violation};
