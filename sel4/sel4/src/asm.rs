// SPDX-License-Identifier: BSD-2-Clause
//! The system call instruction.
//!
//! x86-64 kernel entry by `syscall`: rdx number, rdi capability (out: badge), rsi message info
//! (out: message info), r10 r8 r9 r15 the first four message registers (in and out). The CPU takes
//! rcx and r11; the kernel does not keep rsp. Everything else is preserved, so the stack
//! pointer waits in r14: rbx, which C uses for it, is reserved by LLVM.

use crate::Word;

/// The registers that a system call exchanges with the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Registers {
    /// In: the capability invoked. Out: the badge of what was received.
    pub(crate) rdi: Word,
    /// In and out: the message info word.
    pub(crate) rsi: Word,
    /// In and out: message registers 0 to 3.
    pub(crate) mrs: [Word; 4],
}

/// Enters the kernel with system call `number`.
///
/// # Safety
///
/// The caller must be a seL4 thread with an IPC buffer, and the call must be one that keeps Rust's
/// rules: memory that the kernel reads or writes (the IPC buffer) is not borrowed, and an
/// invocation does not take away memory or registers that live code relies on.
#[inline(always)]
pub(crate) unsafe fn syscall(number: isize, mut regs: Registers) -> Registers {
    let [mr0, mr1, mr2, mr3] = &mut regs.mrs;
    // SAFETY: the kernel changes only the registers named here and the IPC buffer (no `nomem`, so
    // the compiler assumes any memory may change); nothing is pushed. The rest is the caller's.
    unsafe {
        core::arch::asm!(
            "mov r14, rsp",
            "syscall",
            "mov rsp, r14",
            in("rdx") number,
            inlateout("rdi") regs.rdi,
            inlateout("rsi") regs.rsi,
            inlateout("r10") *mr0,
            inlateout("r8") *mr1,
            inlateout("r9") *mr2,
            inlateout("r15") *mr3,
            lateout("rcx") _,
            lateout("r11") _,
            out("r14") _,
            options(nostack),
        );
    }
    regs
}
