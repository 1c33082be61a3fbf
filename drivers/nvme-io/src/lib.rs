// SPDX-License-Identifier: BSD-2-Clause
//! One namespace of an NVM Express controller, read and written by the program that a virtual
//! function was granted to. After the 'NVM Express Base Specification', revision 1.4; `§` in this
//! crate means its sections. What is shared out among virtual functions is the crate `nvme`, whose
//! start of a controller and admin queue are used here too.
//!
//! * [`NvmeIo`] is the driver: told the time, it starts the controller, learns what the namespace
//!   is ([`Geometry`]), makes one pair of I/O queues, and then has up to [`DEPTH`] commands under
//!   way.
//! * [`Transfer`] moves blocks between the namespace and memory that the controller can reach.
//!
//! The controller is not trusted. What it writes is read once and checked: a completion that
//! belongs to no command under way ends the driver's work with it. Registers are slow, so commands
//! are announced together ([`NvmeIo::announce`]), and completions are found in memory.
//!
//! Not here: several queues, namespaces with metadata, scattered memory.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod driver;
mod geometry;
mod layout;
mod ring;
mod setup;
#[cfg(test)]
mod tests;
mod transfer;

pub use driver::{Done, NvmeIo, State};
pub use geometry::Geometry;
pub use layout::IO_DMA_BYTES;
pub use nvme::{Dma, Error, NamespaceId, Result, Shared, Status};
pub use ring::{DEPTH, Tag};
pub use transfer::{Direction, MAX_BYTES, Refused, Transfer};
