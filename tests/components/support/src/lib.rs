// SPDX-License-Identifier: BSD-2-Clause
//! What several in-system test systems share: the program around a list of tests, waiting for what
//! happens, the CPU's clock, and the plainest devices.
#![no_std]

pub mod clock;
pub mod cpu;
pub mod event;
mod orders;
pub mod pci;
mod program;
pub mod rtc;

#[doc(hidden)]
pub use program::{Done, last_segment};
