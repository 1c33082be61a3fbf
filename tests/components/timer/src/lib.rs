// SPDX-License-Identifier: BSD-2-Clause
//! What the programs of this test system share.
#![no_std]

use core::sync::atomic::{AtomicU64, Ordering};

/// How often the breaker makes the timer crash in a storm.
pub const STORM: u64 = 20;

/// Counters in memory that all programs share.
#[derive(Debug)]
#[repr(C)]
pub struct Counts {
    /// Not 0 while the caller and the flooder are to work.
    pub run: AtomicU64,
    /// Calls of the caller that were answered.
    pub calls: AtomicU64,
    /// Calls of the caller that told of a restart.
    pub restarts: AtomicU64,
    /// Calls of the caller that failed otherwise.
    pub errors: AtomicU64,
    /// Ends of the flooder's time-outs.
    pub ends: AtomicU64,
}

impl Counts {
    /// The value of a counter.
    pub fn get(counter: &AtomicU64) -> u64 {
        counter.load(Ordering::SeqCst)
    }

    /// Adds to a counter.
    pub fn add(counter: &AtomicU64, number: u64) {
        counter.fetch_add(number, Ordering::SeqCst);
    }
}

/// The counters in the region of the symbol `counts_vaddr`. To be used once in a program.
#[macro_export]
macro_rules! counts {
    () => {{
        let counts = ::sel4_microkit::memory_region_symbol!(counts_vaddr: *mut $crate::Counts);
        // SAFETY: the region is mapped for good, large enough, and all its users go by atomics.
        unsafe { counts.as_ref() }
    }};
}
