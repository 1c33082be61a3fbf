// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of the memory tests share.
#![no_std]

use core::sync::atomic::AtomicU64;

/// Words of a page.
pub const WORDS: usize = 512;

/// A page of atomics.
pub type Page = [AtomicU64; WORDS];

/// What the reader, a child, is to do when it is notified: a word of the page `orders`.
pub mod order {
    /// Write [`MAGIC`](super::MAGIC) to the region that it may write to.
    pub const WRITE: u64 = 1;
    /// Sum up the region that it may only read.
    pub const SUM: u64 = 2;
    /// Write to the region that it may only read.
    pub const TRESPASS: u64 = 3;
    /// Read the page of firmware, and write to it.
    pub const WRITE_FIRMWARE: u64 = 4;
}

/// Indices into the page `orders`.
pub mod slot {
    /// The order.
    pub const ORDER: usize = 0;
    /// The answer.
    pub const ANSWER: usize = 1;
}

/// What is written to recognise it.
pub const MAGIC: u64 = 0x6d61_6769_635f_776f;

/// What the two users of the floating-point unit share.
#[repr(C)]
pub struct Fpu {
    /// Counted up by each while its registers hold its values.
    pub heartbeats: [AtomicU64; 2],
    /// Rounds after which each has checked its registers.
    pub rounds: [AtomicU64; 2],
    /// Rounds after which they were wrong.
    pub errors: [AtomicU64; 2],
    /// Not 0: they may stop.
    pub stop: AtomicU64,
}
