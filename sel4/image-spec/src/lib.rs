// SPDX-License-Identifier: BSD-2-Clause
//! Tables that the image tool writes and protection domains read.
//!
//! All are flat, little-endian, without pointers and without alignment, so that they can be read in
//! place, without a heap, from read-only memory. Reading checks everything once; what a parsed table
//! gives out afterwards is in range. What the initial task builds is described in the crate
//! `object-spec` instead: it needs a heap to read, which a protection domain may not have.
#![no_std]
#![forbid(unsafe_code)]

use zerocopy::{FromBytes, Immutable, Unaligned};

pub mod dma_grants;
pub mod monitor;
pub mod name;
pub mod vf_grants;

pub use name::NAME;

/// Pages of protection domains and of devices' address spaces, in bytes.
pub const PAGE_SIZE: u64 = 0x1000;
/// Channels of a protection domain are numbered from 0 to one less.
pub const CHANNELS: u8 = 62;

/// One array of a table and the bytes behind it, or `None` if they are too few.
fn take<T>(bytes: &[u8], count: u32) -> Option<(&[T], &[u8])>
where
    T: FromBytes + Immutable + Unaligned,
{
    <[T]>::ref_from_prefix_with_elems(bytes, usize::try_from(count).ok()?).ok()
}
