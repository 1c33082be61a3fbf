// SPDX-License-Identifier: BSD-2-Clause
//! Programs of guests, in assembly.

/// Defines a function that returns the code of a guest's program. It is assembled for 64-bit mode
/// unless it begins with `.code32` or `.code16`. It runs at [`CODE`](crate::CODE), but is not
/// linked for that address: what it refers to in itself has to be relative to RIP.
///
/// ```
/// test_guests::program! {
///     /// Adds what is in RBX to RAX.
///     add: "add rax, rbx", "vmcall"
/// }
///
/// # fn main() {
/// assert_eq!(add(), [0x48, 0x01, 0xd8, 0x0f, 0x01, 0xc1]);
/// # }
/// ```
///
/// Names are labels of the assembler, so each can be used once in a program.
#[macro_export]
macro_rules! program {
    ($(#[$meta:meta])* $name:ident: $($line:expr),+ $(,)?) => {
        core::arch::global_asm!(
            ".pushsection .rodata.guest, \"a\", @progbits",
            concat!("guest_", stringify!($name), ":"),
            $($line,)+
            concat!("guest_", stringify!($name), "_end:"),
            ".code64",
            ".popsection",
        );

        $(#[$meta])*
        fn $name() -> &'static [u8] {
            let (start, end): (*const u8, *const u8);
            // SAFETY: it takes the addresses of two labels.
            unsafe {
                core::arch::asm!(
                    concat!("lea {start}, [rip + guest_", stringify!($name), "]"),
                    concat!("lea {end}, [rip + guest_", stringify!($name), "_end]"),
                    start = out(reg) start,
                    end = out(reg) end,
                    options(pure, nomem, nostack, preserves_flags),
                );
            }
            // SAFETY: the labels mark one piece of read-only data.
            unsafe { core::slice::from_raw_parts(start, end.offset_from_unsigned(start)) }
        }
    };
}
