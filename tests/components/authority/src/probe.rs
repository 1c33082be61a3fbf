// SPDX-License-Identifier: BSD-2-Clause
//! Looking into capability slots without using what is there.

use core::arch::asm;

use sel4::sys::syscall_id;

use crate::Kind;

/// Slots of the table with the runtime's capabilities.
pub const LOWER_SLOTS: u64 = 512;

/// Slots of the table with what `cspace` gives; slot 0 is the way to the lower table.
pub const UPPER_SLOTS: u64 = 64;

/// Address of a slot of the lower table.
pub const fn lower(slot: u64) -> u64 {
    slot
}

/// Address of a slot that `cspace` may fill.
pub const fn upper(slot: u64) -> u64 {
    slot << 58
}

/// Which kind of capability is at `address`, by the debugging kernel's system call for that.
pub fn identify(address: u64) -> Kind {
    let tag: u64;
    // SAFETY: the system call reads the slot and changes no memory; every register that a system
    // call changes is declared, and the stack pointer, which it loses, is put back.
    unsafe {
        asm!(
            "mov r12, rsp",
            "syscall",
            "mov rsp, r12",
            inout("rdi") address => tag,
            in("rdx") syscall_id::DebugCapIdentify,
            inout("rsi") 0_u64 => _,
            out("rax") _,
            out("rcx") _,
            out("r8") _,
            out("r9") _,
            out("r10") _,
            out("r11") _,
            out("r12") _,
            out("r15") _,
        );
    }
    Kind::from_tag(tag)
}
