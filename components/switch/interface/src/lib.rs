// SPDX-License-Identifier: BSD-2-Clause
//! What the switch and its clients share.
//!
//! Each client shares one [`Region`] of memory with the switch: a ring of Ethernet frames in each
//! direction, each with one producer and one consumer. Whoever put frames into an empty ring
//! notifies the other end. A client's side, ready to use, is [`Link`]. Which client has which
//! address stands in a [`Table`] that both read.
//!
//! Neither end trusts the other: a peer may write anything into the region at any time. All of it
//! is atomics, so that is no undefined behaviour; a frame is copied out before anybody looks at it,
//! lengths are checked, and an end keeps its own index in its own memory. The worst that a peer can
//! do is to garble or lose its own frames.
#![no_std]

mod link;
mod mac;
#[cfg(feature = "microkit")]
mod own;
mod region;
mod ring;
mod statistics;
mod table;

pub use link::{Link, Notify};
pub use mac::Mac;
#[cfg(feature = "microkit")]
pub use own::{ChannelLink, NoLink, table};
pub use region::{REGION_DISTANCE, REGION_SIZE, Region};
pub use ring::{Consumer, Control, Frame, LONGEST_FRAME, Producer, SHORTEST_FRAME, SLOTS, Slot};
pub use statistics::{Counters, Statistics};
pub use table::{Table, TableError};

#[cfg(feature = "microkit")]
#[doc(hidden)]
pub mod _private {
    pub use crate::own::{Settings, connect};
    pub use sel4_microkit::var;
}
