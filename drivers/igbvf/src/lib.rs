// SPDX-License-Identifier: BSD-2-Clause
//! A virtual function of the Intel 82576, seen by the program that it was granted to. After the
//! 'Intel 82576EB Gigabit Ethernet Controller Datasheet'; `§` in this crate means its sections
//! (§8.26 is the register set of a virtual function). The physical function is the crate `igb`.
//!
//! * [`Igbvf`] is the driver: told the time, it resets the function, asks the physical function
//!   for its address, sets up a queue in each direction, and then moves frames.
//! * [`Dma`] and [`Outgoing`] are the two pieces of memory that it shares with the device. Only the
//!   first is to be writable by the device: what the IOMMU lets it only read, no device can change
//!   while it is being written.
//!
//! The device is not trusted. What it writes is read once and checked; the worst that it can do is
//! deliver wrong frames or none. Frames are copied out of its reach before anybody parses them.
//!
//! Neither interrupts nor registers are touched more than they must be, since each access to a
//! register is slow:
//!
//! * Received buffers go back in batches ([`RETURN_BATCH`]), and frames to send are announced by one
//!   [`Igbvf::flush`] for all of them.
//! * Interrupts clear their cause by themselves (EIAC) and are never masked: acknowledging one takes
//!   no access. What comes while one is being served is one more interrupt at most.
//! * Frames that were sent raise none. Their buffers are taken back when they are needed.
//! * A quiet function interrupts at once; a busy one, at most once in [`BUSY_INTERVAL`].
//! * Checksums of TCP and UDP are the device's work, by two contexts that are set once.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod descriptor;
mod driver;
mod failure;
mod life;
mod mailbox;
mod memory;
mod moderation;
mod receive;
mod registers;
mod statistics;
mod transmit;

pub use descriptor::{Checksums, Offload};
pub use driver::{Igbvf, Slot};
pub use failure::Failure;
pub use igb::Mac;
pub use life::State;
pub use memory::{BUFFER_BYTES, DMA_BYTES, Dma, OUTGOING_BYTES, Outgoing};
pub use moderation::BUSY_INTERVAL;
pub use receive::{RETURN_BATCH, Received};
pub use registers::Reg;
pub use statistics::Counters;
pub use transmit::MIN_OFFLOAD;

/// The longest frame that is sent or received, in bytes, without its checksum: 1500 bytes of
/// payload and the header.
pub const MAX_FRAME: usize = 1514;
