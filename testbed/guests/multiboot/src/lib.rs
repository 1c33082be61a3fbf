// SPDX-License-Identifier: BSD-2-Clause
//! What small guests stand on: programs without an operating system, on a PC or what they take for
//! one.
//!
//! A guest is a multiboot image of one behaviour. It begins in 32-bit mode, goes to 64-bit mode
//! with all of the first 4 GiB mapped to themselves, says on the serial port at 0x3f8 what it
//! finds, and leaves by port 0xf4 (QEMU's `isa-debug-exit`). A [`guest!`] is tests in the manner of
//! [`sel4_test`]; the lines are the same. Everything that a guest tests holds on any PC, so the same
//! image runs on a machine without a hypervisor too, to test the test.
#![no_std]

mod boot;

pub mod acpi;
pub mod apic;
pub mod cpu;
pub mod port;
pub mod serial;
pub mod trap;

pub use boot::command_line;
pub use sel4_test::{Failure, Suite, TestResult, check, check_eq, fail, skip, suite};

#[doc(hidden)]
pub mod _private {
    pub use super::boot::prepare;
    pub use sel4_runtime::declare_platform;
}

/// Port at which a write ends the guest.
const DEBUG_EXIT: u16 = 0xf4;

/// The guest ends, with 0 if all went well.
pub fn exit(code: u8) -> ! {
    port::write8(DEBUG_EXIT, code);
    // There is no such port: nothing more to do.
    loop {
        cpu::halt_for_ever();
    }
}

/// Runs the tests and ends the guest.
pub fn run(suite: &Suite<()>) -> ! {
    let summary = suite.run(&mut (), serial::print);
    exit(u8::from(summary.failed > 0))
}

/// A panic of a guest: one line, and the end.
pub fn panicked(info: &core::panic::PanicInfo<'_>) -> ! {
    serial::line(format_args!("PANIC {info}"));
    exit(0x7f)
}

/// Makes `main: fn() -> !` the program of an image.
#[macro_export]
macro_rules! guest {
    ($main:path) => {
        $crate::_private::declare_platform!(panic = $crate::panicked);

        #[unsafe(no_mangle)]
        extern "C" fn guest_main(magic: u32, information: u32) -> ! {
            $crate::_private::prepare(magic, information);
            $main()
        }
    };
}
