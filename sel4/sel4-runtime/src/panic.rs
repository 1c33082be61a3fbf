// SPDX-License-Identifier: BSD-2-Clause
//! The end of a program.

use core::{
    fmt,
    panic::PanicInfo,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::log::{self, for_each_line};

static PANICKING: AtomicBool = AtomicBool::new(false);

/// Ends the program by a fault (invalid opcode), which its fault handler sees: the parent, or the
/// monitor.
pub fn stop() -> ! {
    // SAFETY: does not return.
    unsafe { core::arch::asm!("ud2", options(noreturn, nostack)) }
}

/// Prints `NAME|PANIC: file:line:column: message`, then [`stop`]s.
pub fn panic(info: &PanicInfo<'_>) -> ! {
    match info.location() {
        Some(location) => fatal(format_args!("{location}: {}", info.message())),
        None => fatal(format_args!("{}", info.message())),
    }
}

/// Prints `NAME|PANIC: message`, then [`stop`]s.
pub fn fatal(message: fmt::Arguments<'_>) -> ! {
    // What panics a second time is the printing itself: leave it out then.
    if !PANICKING.swap(true, Ordering::Relaxed) {
        for_each_line(log::name(), "PANIC", message, |line| log::emit(&line));
    }
    stop()
}
