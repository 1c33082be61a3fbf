// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of the authority tests share: which capabilities one finds in its
//! slots, and what the probing one has to report.
#![no_std]

mod kind;
mod probe;
mod shared;

pub use kind::Kind;
pub use probe::{LOWER_SLOTS, UPPER_SLOTS, identify, lower, upper};
pub use shared::{Order, Shared};
