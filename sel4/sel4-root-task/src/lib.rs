// SPDX-License-Identifier: BSD-2-Clause
//! The runtime of the initial task: the program that the kernel starts with all authority.
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//! use sel4_root_task::{Never, root_task};
//!
//! #[root_task(heap_size = 0x10_0000)]
//! fn main(bootinfo: &sel4::BootInfoPtr) -> ! {
//!     log::info!("{} untypeds", bootinfo.untyped().len());
//!     sel4_root_task::delete_self()
//! }
//! ```
//!
//! Names and signatures follow rust-sel4 5.0's crate of this name; [`delete_self`] and the log
//! lines (`initial-task|INFO: ...`) are ours besides. The program is linked by `sel4-link`.
#![cfg_attr(not(test), no_std)]

mod entry;
mod start;
mod termination;

/// Declares the main function of the initial task,
/// `fn(&sel4::BootInfoPtr) -> T where T: Termination`.
///
/// Options, both optional and in this order:
///
/// - `stack_size = EXPR`: bytes of the stack, a multiple of 16; else [`DEFAULT_STACK_SIZE`].
/// - `heap_size = EXPR`: gives the program a global allocator with that many bytes. Without it,
///   allocating is a link error.
pub use sel4_root_task_macros::root_task;
pub use sel4_runtime::{debug_print, debug_println, log as logging};
pub use termination::{Never, Termination, delete_self};

/// Bytes of the stack where `stack_size` does not say otherwise.
pub const DEFAULT_STACK_SIZE: usize = 64 * 1024;

#[doc(hidden)]
pub mod _private {
    pub use crate::entry::run;
    pub use sel4::BootInfo;
    pub use sel4_runtime::{StaticStack, declare_heap, declare_platform, panic::panic};
}
