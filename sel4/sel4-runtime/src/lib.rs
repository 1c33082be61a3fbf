// SPDX-License-Identifier: BSD-2-Clause
//! What every program on seL4 needs and a libc would give: memory functions, a heap, a stack, log
//! lines and the end by panic. Both runtimes (`sel4-microkit`, `sel4-root-task`) stand on it.
//!
//! Symbols that would clash with the host's (`memcpy`, the panic handler) are not in this library:
//! [`declare_platform!`] puts them into the program, so the crates that depend on this one still
//! test on the host. The crate `sel4-link` beside this one has the linker arguments.
#![cfg_attr(not(test), no_std)]

pub mod heap;
pub mod log;
pub mod mem;
pub mod panic;
pub mod patched;
mod platform;
pub mod print;
pub mod stack;

pub use heap::StaticHeap;
pub use patched::Patched;
pub use print::kernel_printing;
pub use stack::StaticStack;
