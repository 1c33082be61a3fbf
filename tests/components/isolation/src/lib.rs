// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of the isolation tests share: one page of atomics, read by all and
//! written where each field says.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// Protection domains that note the order in which they start.
pub const STARTERS: usize = 5;

/// The page.
#[repr(C)]
pub struct Shared {
    /// Not 0: those who disturb go on disturbing.
    pub disturb: AtomicU64,
    /// Rounds of the loop of lowest priority.
    pub low_rounds: AtomicU64,
    /// Rounds of the loop of the worker's priority.
    pub same_rounds: AtomicU64,
    /// Lines that the flooder has logged.
    pub lines: AtomicU64,
    /// Units of work done.
    pub work: AtomicU64,
    /// Result of the last piece of work.
    pub result: AtomicU64,
    /// What the low loop did while the last piece of work was done.
    pub disturbance: AtomicU64,
    /// Interrupts that the urgent one has taken.
    pub interrupts: AtomicU64,
    /// Number of starts noted in `order`.
    pub started: AtomicU64,
    /// Priorities in the order of start.
    pub order: [AtomicU64; STARTERS],
}

impl Shared {
    /// Notes that the protection domain of this priority has started.
    pub fn start(&self, priority: u64) {
        let place = self.started.fetch_add(1, SeqCst) as usize;
        if let Some(noted) = self.order.get(place) {
            noted.store(priority, SeqCst);
        }
    }
}

/// Steps of a piece of work: some time slices long even on a fast machine.
const STEPS: u64 = 4_000_000;

/// A piece of work whose result is known only to who does all of it: steps of a generator
/// (multiplier and increment of Knuth's MMIX).
pub fn work() -> u64 {
    (0..STEPS).fold(1, |state: u64, _| {
        let next = state.wrapping_mul(6_364_136_223_846_793_005);
        core::hint::black_box(next.wrapping_add(1_442_695_040_888_963_407))
    })
}
