// SPDX-License-Identifier: BSD-2-Clause
//! Small guests for tests, each a few instructions that show one behaviour.
//!
//! A [`Lab`] is a virtual CPU with the guest's memory. It puts the CPU into one of three modes
//! ([`Mode`]) and runs a [`program!`]. All of the guest's memory is the lab's to read and write.
//!
//! | Guest-physical | |
//! |---|---|
//! | 0x1000 | page tables: identity, 1 GiB in pages of 2 MiB (long mode) or 4 MiB (32-bit) |
//! | 0x4000 | global descriptor table: null, code, data |
//! | 0x5000 | interrupt descriptor table of long mode: 256 gates, as [`Lab::set_gate`] fills them |
//! | 0x6000 | data |
//! | 0x8000 | end of the stack |
//! | 0x8000 | the program |
#![cfg_attr(not(test), no_std)]

mod lab;
mod layout;
mod memory;
mod mode;
mod program;

pub use lab::Lab;
pub use layout::{CODE, DATA, MEMORY, STACK_END};
pub use memory::Memory;
pub use mode::Mode;
