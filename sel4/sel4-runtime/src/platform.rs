// SPDX-License-Identifier: BSD-2-Clause
//! The symbols that a program on the host gets from its libc and standard library.

/// Defines, once per program, the memory functions, the symbols that unwinding would need, and the
/// panic handler, which calls `$panic(&PanicInfo) -> !`.
#[macro_export]
macro_rules! declare_platform {
    (panic = $panic:path) => {
        mod __sel4_runtime_platform {
            use $crate::mem;

            // SAFETY (all of these): the symbol is the C function of that name, with its contract.
            #[unsafe(no_mangle)]
            unsafe extern "C" fn memcpy(dst: *mut u8, src: *const u8, len: usize) -> *mut u8 {
                // SAFETY: the caller keeps the contract of `memcpy`.
                unsafe { mem::copy_forward(dst, src, len) };
                dst
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memmove(dst: *mut u8, src: *const u8, len: usize) -> *mut u8 {
                // SAFETY: the caller keeps the contract of `memmove`.
                unsafe { mem::copy(dst, src, len) };
                dst
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memset(dst: *mut u8, byte: i32, len: usize) -> *mut u8 {
                // SAFETY: the caller keeps the contract of `memset`.
                unsafe { mem::fill(dst, byte as u8, len) };
                dst
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn memcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
                // SAFETY: the caller keeps the contract of `memcmp`.
                unsafe { mem::compare(a, b, len) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn bcmp(a: *const u8, b: *const u8, len: usize) -> i32 {
                // SAFETY: the caller keeps the contract of `bcmp`.
                unsafe { mem::compare(a, b, len) }
            }

            #[unsafe(no_mangle)]
            unsafe extern "C" fn strlen(s: *const u8) -> usize {
                // SAFETY: the caller keeps the contract of `strlen`.
                unsafe { mem::string_length(s) }
            }

            // The precompiled core and alloc name these two, and with panic = "abort" never call
            // them.
            #[unsafe(no_mangle)]
            extern "C" fn rust_eh_personality() {}

            #[unsafe(no_mangle)]
            extern "C" fn _Unwind_Resume() -> ! {
                $crate::panic::stop()
            }

            #[panic_handler]
            fn panic(info: &core::panic::PanicInfo<'_>) -> ! {
                $panic(info)
            }
        }
    };
}
