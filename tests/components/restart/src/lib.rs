// SPDX-License-Identifier: BSD-2-Clause
//! What the protection domains of the restart tests share: one page of notes.
#![no_std]

mod cpu_state;
mod notes;

pub use cpu_state::CpuState;
pub use notes::{Notes, Order};

/// Label of a call that the server answers with [`ANSWERED`].
pub const PLEASE: u64 = 1;

/// Label of a call during which the server faults.
pub const CRASH: u64 = 2;

/// Label of the server's answer.
pub const ANSWERED: u64 = 7;
