// SPDX-License-Identifier: BSD-2-Clause
//! What a protection domain needs of x86 that the crates named after rust-sel4's do not wrap: I/O
//! ports, and the virtual CPU (VM entry, VMCS, guest registers).
//!
//! It is the only place that knows these kernel methods. A VMM's decisions (which controls, how an
//! exit is handled) are not made here.
//!
//! VMCS encodings and their meaning: Intel SDM volume 3, chapter "Virtual Machine Control
//! Structures" and appendix "Field Encoding in VMCS".
#![cfg_attr(not(test), no_std)]

mod entry;
mod exit;
mod io_port;
mod vcpu;

pub use entry::Entry;
pub use exit::{Exit, ExitInfo, Registers};
pub use io_port::IoPort;
pub use vcpu::{Vcpu, VmcsField};
