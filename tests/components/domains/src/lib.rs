// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of the tests of domains share: one page of atomics.
#![no_std]

use core::sync::atomic::AtomicU64;

/// The page.
#[repr(C)]
pub struct Shared {
    /// Cycles that each worker has seen pass while it ran, without those in which it did not.
    pub cycles: [AtomicU64; 2],
    /// Times that each worker found itself interrupted.
    pub gaps: [AtomicU64; 2],
    /// Not 0: the workers may stop.
    pub stop: AtomicU64,
}
