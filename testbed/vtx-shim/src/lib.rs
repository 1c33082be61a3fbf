// SPDX-License-Identifier: BSD-2-Clause
//! Stands in for a CPU with VT-x: it runs a hypervisor under SVM, which QEMU emulates on any machine,
//! and does for it what VT-x does, by the letter of Intel's "Software Developer's Manual" (SDM, order
//! number 325384-083).
//!
//! It is a platform for development and tests, like the emulator below it, and no part of any system:
//! the hypervisor does not know of it and is the same on hardware. What it does not do, its
//! capability MSRs do not promise ([`capability`]).
//!
//! Three are on a CPU: the shim, the hypervisor, and the hypervisor's guest. The last two have each a
//! control block of SVM ([`vmcb`]). [`Cpu`] is told of each exit and says how to go on; it asks of the
//! machine only what [`host::Host`] has, so that it can be tested without one.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod apic;
pub mod capability;
mod checks;
mod cpu;
mod decode;
mod enter;
#[cfg(test)]
mod fake;
mod field;
mod guest;
pub mod host;
mod hypervisor;
mod instruction;
mod intercepts;
mod leave;
mod lists;
mod paging;
mod shadow;
pub mod vmcb;
mod vmcs;

pub use cpu::Cpu;
pub use decode::Registers;
pub use field::Field;
pub use hypervisor::Unexpected;
pub use shadow::{Shadow, Table};
pub use vmcs::Vmcs;
