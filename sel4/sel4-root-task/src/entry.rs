// SPDX-License-Identifier: BSD-2-Clause
//! From the start code to the main function.

use sel4::{BootInfo, BootInfoPtr};
use sel4_runtime::log;

use crate::Termination;

/// Begins each line of the log.
const NAME: &str = "initial-task";

/// Prepares the crates below and calls `main`.
///
/// # Safety
///
/// Called once, by the start code, with the kernel's boot information.
pub unsafe fn run<T: Termination>(bootinfo: *const BootInfo, main: fn(&BootInfoPtr) -> T) -> ! {
    // SAFETY: the caller passes on what the kernel gave it.
    let bootinfo = unsafe { BootInfoPtr::new(bootinfo) };
    // SAFETY: the kernel maps the page for this thread alone, and the program has just begun, so
    // no other reference exists.
    sel4::set_ipc_buffer(unsafe { &mut *bootinfo.ipc_buffer() });
    log::init(NAME);
    main(&bootinfo).report()
}
