// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of the tests on two cores share: one page of atomics.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

test_support::orders! {
    /// What `far`, on the other core, does when it is notified.
    ;
    /// Count the notification and notify the test.
    Answer,
    /// Count the notification and copy `sequence` to `seen`.
    Watch,
    /// Increment `ball` whenever it is odd, until it has reached `rounds`.
    Rally,
    /// Call the server as long as `rounds` is not 0, then notify the test.
    CallServer,
    /// Increment `spins` for ever.
    Spin,
    /// Execute UD2.
    Fault,
}

/// The page.
#[repr(C)]
pub struct Shared {
    order: AtomicU64,
    /// How often an order is to be carried out.
    pub rounds: AtomicU64,
    /// Notifications that `far` has seen.
    pub notifications: AtomicU64,
    /// A number that the test changes before each notification.
    pub sequence: AtomicU64,
    /// The number that `far` has seen last.
    pub seen: AtomicU64,
    /// Incremented by the test when even and by `far` when odd.
    pub ball: AtomicU64,
    /// Rounds of the loop without end.
    pub spins: AtomicU64,
    /// Starts of `far`.
    pub boots: AtomicU64,
    /// Calls that the server has answered.
    pub calls: AtomicU64,
    /// Calls that `far` has made.
    pub far_calls: AtomicU64,
    /// Interrupts that the driver on the other core has taken.
    pub interrupts: AtomicU64,
    /// The local APIC id of the core on which it took the last one, plus 1.
    pub interrupt_core: AtomicU64,
}

impl Shared {
    /// Writes an order.
    pub fn give(&self, order: Order, rounds: u64) {
        self.rounds.store(rounds, SeqCst);
        self.order.store(order as u64, SeqCst);
    }

    /// The order that was given.
    pub fn order(&self) -> Order {
        Order::from_word(self.order.load(SeqCst))
    }

    /// Increments the ball when it is odd (`odd`) or even, until it has reached `rounds`.
    pub fn rally(&self, odd: bool) {
        let rounds = self.rounds.load(SeqCst);
        loop {
            let ball = self.ball.load(SeqCst);
            if ball >= rounds {
                return;
            }
            if (ball % 2 == 1) == odd {
                self.ball.store(ball + 1, SeqCst);
            } else {
                core::hint::spin_loop();
            }
        }
    }
}
