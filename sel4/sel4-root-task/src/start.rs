// SPDX-License-Identifier: BSD-2-Clause
//! The first instructions of the initial task.

/// Declares the initial task; `root_task` expands to it.
#[doc(hidden)]
#[macro_export]
macro_rules! declare_root_task {
    (main = $main:path, $(heap_size = $heap:expr)? $(,)?) => {
        $crate::declare_root_task!(
            main = $main,
            stack_size = $crate::DEFAULT_STACK_SIZE
            $(, heap_size = $heap)?
        );
    };
    (main = $main:path, stack_size = $stack:expr $(, heap_size = $heap:expr)? $(,)?) => {
        $($crate::_private::declare_heap!($heap);)?
        $crate::_private::declare_platform!(panic = $crate::_private::panic);

        static __SEL4_ROOT_TASK_STACK: $crate::_private::StaticStack<{ $stack }> =
            $crate::_private::StaticStack::new();

        extern "C" fn __sel4_root_task_main(bootinfo: *const $crate::_private::BootInfo) -> ! {
            // SAFETY: the code below calls this once, with what the kernel left in rdi.
            unsafe { $crate::_private::run(bootinfo, $main) }
        }

        // The kernel enters with the address of the boot information in rdi and no stack. The word
        // behind the code keeps the linker from dropping a symbol that the image tool writes to.
        core::arch::global_asm!(
            ".pushsection .text._start, \"ax\", @progbits",
            ".globl _start",
            ".type _start, @function",
            "_start:",
            "cld",
            "fninit",
            "ldmxcsr [rip + 4f]",
            "lea rsp, [rip + {stack} + {bytes}]",
            "xor ebp, ebp",
            "call {main}",
            "ud2",
            ".balign 8",
            // All floating-point exceptions masked, round to nearest: the CPU's initial value.
            "4: .long 0x1f80",
            ".balign 8",
            ".quad postern_kernel_printing",
            ".size _start, . - _start",
            ".popsection",
            main = sym __sel4_root_task_main,
            stack = sym __SEL4_ROOT_TASK_STACK,
            bytes = const $stack,
        );
    };
}
