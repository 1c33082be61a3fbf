// SPDX-License-Identifier: BSD-2-Clause
//! The first instructions of a protection domain, and what makes it restartable.
//!
//! The image tool does not fill the writable segments of a program that has the symbol
//! `postern_pristine`. It maps read-only copies of their content into the same protection domain
//! and writes into the symbol where they are: a count, then for each segment its address, that of
//! its copy, the bytes in the copy, and the bytes in memory. The start code copies them, every
//! time, so starting a program again is no more than setting its instruction pointer.

/// Fills the writable segments by the table that r13 points to. Changes rax, rcx, rdx, rsi, rdi,
/// r8, r9, r13; needs a clear direction flag; uses no stack.
#[doc(hidden)]
#[macro_export]
macro_rules! restore_segments {
    () => {
        "
        mov rdx, [r13]
        add r13, 8
    2:
        test rdx, rdx
        jz 3f
        mov rdi, [r13]
        mov rsi, [r13 + 8]
        mov rcx, [r13 + 16]
        mov r9, [r13 + 24]
        sub r9, rcx
        mov r8, rcx
        and r8, 7
        shr rcx, 3
        rep movsq
        mov rcx, r8
        rep movsb
        xor eax, eax
        mov rcx, r9
        shr rcx, 3
        rep stosq
        mov rcx, r9
        and rcx, 7
        rep stosb
        add r13, 32
        dec rdx
        jmp 2b
    3:
        "
    };
}

/// Declares a protection domain; `protection_domain` expands to it.
#[doc(hidden)]
#[macro_export]
macro_rules! declare_protection_domain {
    (init = $init:path, stack_size = $stack:expr $(, heap_size = $heap:expr)? $(,)?) => {
        static __SEL4_MICROKIT_STACK: $crate::_private::StaticStack<{ $stack }> =
            $crate::_private::StaticStack::new();

        $crate::declare_start!(
            "lea rsp, [rip + {stack} + {bytes}]",
            stack = sym __SEL4_MICROKIT_STACK,
            bytes = const $stack,
        );
        $crate::declare_rest!($init $(, heap_size = $heap)?);
    };
    (init = $init:path, $(heap_size = $heap:expr)? $(,)?) => {
        // Where the image tool ends the stack that it maps.
        $crate::declare_start!("movabs rsp, 0x7fffffffd000",);
        $crate::declare_rest!($init $(, heap_size = $heap)?);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! declare_rest {
    ($init:path $(, heap_size = $heap:expr)?) => {
        $($crate::_private::declare_heap!($heap);)?
        $crate::_private::declare_platform!(panic = $crate::_private::panic);

        extern "C" fn __sel4_microkit_main(restarted: u64) -> ! {
            $crate::_private::run(restarted != 0, $init)
        }
    };
}

/// `_start`. rdi is 0 at the first start and 1 at every later one. The words behind the code keep
/// the linker from dropping symbols that the image tool writes to.
#[doc(hidden)]
#[macro_export]
macro_rules! declare_start {
    ($set_stack:literal, $($operands:tt)*) => {
        core::arch::global_asm!(
            ".pushsection .text._start, \"ax\", @progbits",
            ".globl _start",
            ".type _start, @function",
            "_start:",
            "cld",
            "mov r12, rdi",
            "lea r13, [rip + postern_pristine]",
            $crate::restore_segments!(),
            "fninit",
            "ldmxcsr [rip + 4f]",
            $set_stack,
            "xor ebp, ebp",
            "mov rdi, r12",
            "call {main}",
            "ud2",
            ".balign 8",
            // All floating-point exceptions masked, round to nearest: the CPU's initial value.
            "4: .long 0x1f80",
            ".balign 8",
            ".quad microkit_name, microkit_passive, microkit_irqs, microkit_notifications",
            ".quad microkit_pps, microkit_ioports",
            ".quad postern_kernel_printing",
            ".quad postern_child_entry, postern_child_names, postern_peers",
            ".size _start, . - _start",
            ".popsection",
            ".pushsection .rodata.postern_pristine, \"a\", @progbits",
            ".balign 8",
            ".globl postern_pristine",
            ".type postern_pristine, @object",
            "postern_pristine: .zero 264",
            ".size postern_pristine, 264",
            ".popsection",
            main = sym __sel4_microkit_main,
            $($operands)*
        );
    };
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use std::arch::asm;

    fn restore(table: &[u64]) {
        // SAFETY: the tests' tables describe memory of their own, and the code changes exactly
        // these registers.
        unsafe {
            asm!(
                restore_segments!(),
                inout("r13") table.as_ptr() => _,
                out("rax") _, out("rcx") _, out("rdx") _, out("rsi") _, out("rdi") _,
                out("r8") _, out("r9") _,
                options(nostack),
            );
        }
    }

    #[test]
    fn an_empty_table_changes_nothing() {
        restore(&[0, 1, 2, 3, 4]);
    }

    proptest! {
        #[test]
        fn segments_are_copied_and_their_rest_zeroed(
            sizes in proptest::collection::vec((0usize..40, 0usize..40), 1..=8),
        ) {
            let mut segments: Vec<_> = sizes
                .iter()
                .enumerate()
                .map(|(i, (file, zero))| {
                    let copy: Vec<u8> = (0..*file).map(|at| (at * 3 + i) as u8).collect();
                    (vec![0xeeu8; file + zero + 1], copy)
                })
                .collect();
            let mut table = vec![segments.len() as u64];
            for (memory, copy) in &mut segments {
                let used = memory.len() as u64 - 1;
                let addresses = [memory.as_mut_ptr() as u64, copy.as_ptr() as u64];
                table.extend(addresses.into_iter().chain([copy.len() as u64, used]));
            }
            restore(&table);
            for (memory, copy) in &segments {
                let (file, rest) = memory.split_at(copy.len());
                prop_assert_eq!(file, &copy[..]);
                let (last, zeros) = rest.split_last().unwrap();
                prop_assert!(zeros.iter().all(|byte| *byte == 0));
                prop_assert_eq!(*last, 0xee);
            }
        }
    }
}
