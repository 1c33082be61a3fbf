// SPDX-License-Identifier: BSD-2-Clause
//! What the programs of this test system share.
#![no_std]

use sel4_microkit::{Channel, MessageInfo};
use switch_interface::Mac;

/// The addresses that `system.xml` gives.
pub const DRIVER: Mac = Mac([2, 0, 0, 0, 0, 1]);
/// The one of the echo.
pub const ECHO: Mac = Mac([2, 0, 0, 0, 0, 2]);
/// The one of the attacker.
pub const ATTACKER: Mac = Mac([2, 0, 0, 0, 0, 3]);
/// The one for all.
pub const ALL: Mac = Mac([0xff; 6]);

test_support::orders! {
    /// What the driver tells the attacker to do.
    ;
    /// Send a frame as it should be, to the driver.
    Behave,
    /// Send frames in the names of the driver and the echo, and in nobody's.
    Forge,
    /// Send many frames to the driver, which takes none meanwhile.
    Flood,
    /// Send many frames to all.
    FloodAll,
    /// Write lengths that no frame has.
    WrongLengths,
    /// Write indices that cannot be.
    WrongIndices,
    /// Write garbage everywhere.
    Garbage,
    /// Notify without end.
    Notify,
}

/// Tells the attacker, and waits until it is done.
pub fn order(attacker: Channel, order: Order) {
    attacker.pp_call(MessageInfo::new(order as u64, 0));
}

/// A frame with that payload.
pub fn frame<const N: usize>(to: Mac, from: Mac, payload: [u8; N]) -> Frame<N> {
    Frame {
        to: to.0,
        from: from.0,
        kind: [0x88, 0xb5],
        payload,
    }
}

/// A frame of the type that is there for experiments.
#[repr(C)]
pub struct Frame<const N: usize> {
    to: [u8; 6],
    from: [u8; 6],
    kind: [u8; 2],
    payload: [u8; N],
}

impl<const N: usize> Frame<N> {
    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: a structure of bytes has no padding.
        unsafe { core::slice::from_raw_parts((&raw const *self).cast(), 14 + N) }
    }
}
