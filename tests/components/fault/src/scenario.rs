// SPDX-License-Identifier: BSD-2-Clause
//! The faults, in assembly, since the addresses of the very instructions matter.

use core::arch::asm;
use core::sync::atomic::Ordering::SeqCst;

use sel4::sys::syscall_id;

use crate::{Command, Order};

/// Lies in the program's read-only segment.
static CONSTANT: u64 = 0x0123_4567_89ab_cdef;

/// Runs `$instruction`, whose address goes to `fault_ip` before and the address of what follows to
/// `resume_ip`. It finds an address in RDI, a number in RDX and 0 in RCX and RSI. The stack pointer
/// is restored from R12 afterwards.
macro_rules! fault_at {
    ($command:expr, $address:expr, $number:expr, $instruction:literal) => {
        // SAFETY: the instruction faults, and the thread goes on behind it, or not at all. Every
        // register that it or the kernel may change meanwhile is declared.
        unsafe {
            asm!(
                "lea rax, [rip + 2f]",
                "mov [r8], rax",
                "lea rax, [rip + 3f]",
                "mov [r9], rax",
                "mov r12, rsp",
                "2:",
                $instruction,
                "3:",
                "mov rsp, r12",
                inout("r8") $command.fault_ip.as_ptr() => _,
                inout("r9") $command.resume_ip.as_ptr() => _,
                inout("rdi") $address => _,
                inout("rdx") $number => _,
                inout("rsi") 0_u64 => _,
                inout("rcx") 0_u64 => _,
                out("rax") _,
                out("r10") _,
                out("r11") _,
                out("r12") _,
                out("r15") _,
            )
        }
    };
}

/// Does what `command` says, and returns when the parent has let this thread go on.
pub fn carry_out(command: &Command) {
    let address = command.address();
    match command.order() {
        Order::Nothing => {}
        Order::Read => fault_at!(command, address, 0_u64, "mov al, [rdi]"),
        Order::Write => fault_at!(command, address, 0_u64, "mov byte ptr [rdi], 1"),
        Order::Jump => fault_at!(command, address, 0_u64, "jmp rdi"),
        Order::OverflowStack => fault_at!(command, address, 0_u64, "4: push 0\njmp 4b"),
        Order::WriteConstant => {
            let constant = &raw const CONSTANT as u64;
            fault_at!(command, constant, 0_u64, "mov byte ptr [rdi], 1");
        }
        Order::Divide => fault_at!(command, address, 0_u64, "div rcx"),
        Order::InvalidOpcode => fault_at!(command, address, 0_u64, "ud2"),
        Order::Halt => fault_at!(command, address, 0_u64, "hlt"),
        Order::DisableInterrupts => fault_at!(command, address, 0_u64, "cli"),
        Order::PortIn => fault_at!(command, address, 0x70_u64, "in al, dx"),
        Order::UnknownSyscall => fault_at!(command, 0_u64, address, "syscall"),
        Order::Send => fault_at!(command, address, syscall_id::Send as u64, "syscall"),
        Order::Receive => fault_at!(command, address, syscall_id::Recv as u64, "syscall"),
    }
    command.survived.fetch_add(1, SeqCst);
}
