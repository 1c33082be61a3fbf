// SPDX-License-Identifier: BSD-2-Clause
//! The page.

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

use crate::CpuState;

test_support::orders! {
    /// What the child `phoenix` is to do when it is notified.
    ;
    /// Notify the test.
    Answer,
    /// Write to address 0.
    Fault,
    /// Recurse until the stack ends.
    Recurse,
    /// Count for ever, and notify the test now and then.
    Spin,
    /// Call the slow server.
    Call,
    /// Change all processor state that is not in general registers, then count for ever.
    DisturbCpu,
}

/// Written by whom the field belongs to, read by all.
#[repr(C)]
pub struct Notes {
    order: AtomicU64,
    /// Starts of `phoenix`.
    pub boots: AtomicU64,
    /// What `phoenix` found wrong in its memory at its last start, as flags.
    pub damage: AtomicU64,
    /// The state of the CPU at its last start.
    pub cpu: CpuState,
    /// Rounds of its loop.
    pub rounds: AtomicU64,
    /// Calls that the slow server has answered.
    pub slow_answers: AtomicU64,
    /// Not 0: the slow server may answer.
    pub release: AtomicU64,
    /// Label that `client` is to call the server with.
    pub call_label: AtomicU64,
    /// Label of the answer that it got.
    pub answer_label: AtomicU64,
    /// Words of that answer.
    pub answer_count: AtomicU64,
    /// Not 0: the driver lets the clock interrupt when it starts.
    pub driver_enabled: AtomicU64,
    /// Starts of the driver.
    pub driver_boots: AtomicU64,
    /// Interrupts that the driver has taken.
    pub interrupts: AtomicU64,
    /// Starts of `fragile`.
    pub fragile_boots: AtomicU64,
}

impl Notes {
    /// Writes an order.
    pub fn give(&self, order: Order) {
        self.order.store(order as u64, SeqCst);
    }

    /// The order that was given.
    pub fn order(&self) -> Order {
        Order::from_word(self.order.load(SeqCst))
    }
}
