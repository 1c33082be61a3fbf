// SPDX-License-Identifier: BSD-2-Clause
//! Signals between programs.

use sel4::{CPtrBits, sys::syscall_id};
use sel4_test::{TestResult, check_eq};

use crate::context::{Context, LISTENER, LISTENER_TOO, SERVER};

/// The listener cannot run before this program waits.
pub fn signals_become_one_notification(context: &mut Context) -> TestResult {
    context.journal.clear();
    (0..5).for_each(|_| LISTENER.notify());
    context.wait(LISTENER);
    check_eq!(context.journal.len(), 1);
    check_eq!(context.journal.events(), [1]);
    Ok(())
}

pub fn two_channels_become_one_notification(context: &mut Context) -> TestResult {
    context.journal.clear();
    LISTENER_TOO.notify();
    LISTENER.notify();
    LISTENER_TOO.notify();
    context.wait(LISTENER);
    check_eq!(context.journal.len(), 1);
    check_eq!(context.journal.events(), [1 << 61 | 1]);
    Ok(())
}

/// The server overwrites its xmm0 while it has the CPU between two instructions of this program.
pub fn floating_point_registers_survive_a_switch(context: &mut Context) -> TestResult {
    const BASE_NOTIFICATION: CPtrBits = 10;
    context.journal.clear();
    let before = 0x0123_4567_89ab_cdefu64;
    let after: u64;
    // SAFETY: a signal by the kernel's convention (see the crate `sel4`); all that it and this
    // code change is named.
    unsafe {
        core::arch::asm!(
            "movq xmm0, {value}",
            "mov r14, rsp",
            "syscall",
            "mov rsp, r14",
            "movq {value}, xmm0",
            value = inout(reg) before => after,
            in("rdx") syscall_id::Send,
            inout("rdi") BASE_NOTIFICATION + SERVER.index() as CPtrBits => _,
            inout("rsi") 0u64 => _,
            out("rcx") _, out("r11") _, out("r14") _, out("xmm0") _,
            inout("r10") 0u64 => _, inout("r8") 0u64 => _, inout("r9") 0u64 => _,
            inout("r15") 0u64 => _,
        );
    }
    check_eq!(context.journal.events(), [1], "what the server did");
    check_eq!(after, before);
    Ok(())
}
