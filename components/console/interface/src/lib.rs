// SPDX-License-Identifier: BSD-2-Clause
//! What the console and its clients share.
//!
//! Each client shares one [`Region`] of memory with the console: a ring of bytes in each direction,
//! each with one producer and one consumer. Whoever put bytes into an empty ring notifies the
//! other end. A client's side, ready to use, is [`Stream`].
//!
//! Neither end trusts the other: a peer may write anything into the region at any time. All of it
//! is atomics, so that is no undefined behaviour; indices are masked, and an end keeps its own
//! index in its own memory. The worst that a peer can do is to garble or lose its own stream.
#![no_std]

mod line;
#[cfg(feature = "microkit")]
mod own;
mod region;
mod ring;
mod stream;

pub use line::{LineInput, MAX_LINE};
#[cfg(feature = "microkit")]
pub use own::with_stream;
pub use region::{REGION_SIZE, RX_CAPACITY, Region, TX_CAPACITY};
pub use ring::{Consumer, Control, Producer};
pub use stream::{Notify, Stream};

#[cfg(feature = "microkit")]
#[doc(hidden)]
pub mod _private {
    pub use crate::own::connect;
    pub use sel4_microkit::var;
}
