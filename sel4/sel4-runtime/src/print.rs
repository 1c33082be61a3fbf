// SPDX-License-Identifier: BSD-2-Clause
//! Output through the kernel's debug console, where there is one.

use core::fmt::{self, Write};

use crate::Patched;

/// Set by the image tool when the kernel that it packs can print.
#[unsafe(no_mangle)]
#[unsafe(link_section = ".rodata.patched")]
#[allow(non_upper_case_globals)]
static postern_kernel_printing: Patched<u8> = Patched::new(0);

/// Whether the kernel knows the debug system calls. Elsewhere they are faults.
pub fn kernel_printing() -> bool {
    *postern_kernel_printing.get() != 0
}

/// Prints `s` if the kernel can; see [`sel4::debug_put_string`].
pub fn put(s: &str) {
    if kernel_printing() {
        sel4::debug_put_string(s);
    }
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, s: &str) -> fmt::Result {
        put(s);
        Ok(())
    }
}

/// Prints formatted text; what [`debug_print!`](crate::debug_print) calls.
pub fn print(args: fmt::Arguments<'_>) {
    // The console returns no errors; one of a `Display` loses the rest of the text only.
    let _ = Console.write_fmt(args);
}

/// Prints on the kernel's console, as `print!` does; nothing where the kernel cannot print.
#[macro_export]
macro_rules! debug_print {
    ($($arg:tt)*) => {
        $crate::print::print(format_args!($($arg)*))
    };
}

/// Prints a line on the kernel's console, as `println!` does.
#[macro_export]
macro_rules! debug_println {
    () => {
        $crate::print::put("\n")
    };
    ($($arg:tt)*) => {
        $crate::print::print(format_args!("{}\n", format_args!($($arg)*)))
    };
}
