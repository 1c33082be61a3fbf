// SPDX-License-Identifier: BSD-2-Clause
//! The page that the protection domains share.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::{LOWER_SLOTS, UPPER_SLOTS};

test_support::orders! {
    /// What `suspect` does when it is notified.
    ;
    /// Note what is in each slot.
    Probe,
    /// Count rounds for ever, and notify the test now and then.
    Spin,
    /// Receive from the capability at `address`.
    Receive,
    /// Call the kernel's debugging halt.
    DebugHalt,
    /// Call the kernel's debugging dump, which would wait for an answer on the serial port.
    DebugSnapshot,
    /// Name the thread at `address` by the kernel's debugging call.
    DebugName,
    /// Let the kernel run code at `address` by the debugging call for that.
    DebugRun,
}

/// The page.
#[repr(C)]
pub struct Shared {
    order: AtomicU64,
    address: AtomicU64,
    /// Rounds of the loop.
    pub rounds: AtomicU64,
    /// Slots of the lower table in which something other than nothing is, as bits.
    pub lower: [AtomicU64; LOWER_SLOTS as usize / 64],
    /// The same of the upper table.
    pub upper: [AtomicU64; UPPER_SLOTS as usize / 64],
}

impl Shared {
    /// Writes an order.
    pub fn give(&self, order: Order, address: u64) {
        self.address.store(address, SeqCst);
        self.order.store(order as u64, SeqCst);
    }

    /// The order that was given.
    pub fn order(&self) -> Order {
        Order::from_word(self.order.load(SeqCst))
    }

    /// The address that goes with it.
    pub fn address(&self) -> u64 {
        self.address.load(SeqCst)
    }
}
