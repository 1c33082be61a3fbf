// SPDX-License-Identifier: BSD-2-Clause
//! The states of the CPU in which an interrupt can find it (SDM vol. 3A 7.8.1 to 7.8.3).

use core::arch::asm;

use bare::apic::{self, BASE, bit, register};
use bare::{TestResult, check, check_eq, cpu};

use crate::record;

const VECTOR: u8 = 0x41;

/// What makes the CPU interrupt itself.
const TO_SELF: u32 = 1 << 18 | VECTOR as u32;

pub fn comes_at_once(_: &mut ()) -> TestResult {
    record::start(&[VECTOR]);
    cpu::interrupts_on();
    apic::send_to_self(VECTOR);
    let came = record::wait(1);
    cpu::interrupts_off();
    check_eq!((came, record::vectors()), (1, u64::from(VECTOR)));
    check!(!bit(register::ISR, VECTOR) && !bit(register::IRR, VECTOR));
    Ok(())
}

pub fn waits_while_interrupts_are_off(_: &mut ()) -> TestResult {
    record::start(&[VECTOR]);
    apic::send_to_self(VECTOR);
    for _ in 0..1_000 {
        let _ = cpu::cpuid(0, 0);
    }
    check_eq!(record::count(), 0);
    check!(bit(register::IRR, VECTOR), "it does not wait");
    cpu::interrupts_on();
    check_eq!(record::wait(1), 1);
    cpu::interrupts_off();
    Ok(())
}

/// Runs instructions with RAX = 0, RDI at the APIC's command register, ECX what to write there, and
/// an interrupt waiting if `waiting`. They are to end with interrupts on.
macro_rules! run {
    ($waiting:expr, $($instruction:literal),+) => {{
        record::start(&[VECTOR]);
        if $waiting {
            apic::send_to_self(VECTOR);
        }
        // SAFETY: they change RAX, RDX and RBX only, which is saved.
        unsafe {
            asm!("push rbx", "xor eax, eax", $($instruction),+, "nop", "nop", "pop rbx",
                 in("rdi") BASE + register::ICR_LOW, inout("ecx") TO_SELF => _,
                 out("rax") _, out("rdx") _);
        }
        let came = record::wait(1);
        cpu::interrupts_off();
        came
    }};
}

pub fn waits_for_the_instruction_behind_sti(_: &mut ()) -> TestResult {
    check_eq!(run!(true, "sti", "inc eax", "inc eax", "inc eax"), 1);
    check_eq!(record::rax(), 1, "instructions behind STI");
    Ok(())
}

pub fn comes_after_popf(_: &mut ()) -> TestResult {
    check_eq!(run!(true, "push 0x202", "popfq", "inc eax", "inc eax"), 1);
    check_eq!(record::rax(), 0, "instructions behind POPF");
    Ok(())
}

/// What raises the interrupt is itself in the shadow.
pub fn in_the_shadow_of_mov_ss(_: &mut ()) -> TestResult {
    let came = run!(
        false,
        "sti",
        "nop",
        "mov dx, ss",
        "mov ss, dx",
        "mov [rdi], ecx",
        "inc eax"
    );
    check_eq!(came, 1);
    Ok(())
}

pub fn behind_sti_and_an_exit(_: &mut ()) -> TestResult {
    check_eq!(run!(true, "sti", "cpuid", "mov eax, 7", "nop"), 1);
    check!(record::rax() != 7, "CPUID was in the shadow, MOV was not");
    check_eq!(run!(true, "sti", "mov edx, [rdi]", "mov eax, 7", "nop"), 1);
    check_eq!(run!(true, "sti", "in al, 0x80", "mov eax, 7", "nop"), 1);
    Ok(())
}

pub fn wakes_from_hlt(_: &mut ()) -> TestResult {
    record::start(&[VECTOR]);
    apic::write(register::DIVIDE, 0xb);
    apic::write(register::LVT_TIMER, u32::from(VECTOR));
    apic::write(register::INITIAL_COUNT, 100_000);
    while record::count() == 0 {
        cpu::wait_for_interrupt();
    }
    apic::write(register::LVT_TIMER, apic::MASKED);
    check_eq!(record::count(), 1);
    Ok(())
}

pub fn wakes_from_hlt_when_it_waited(_: &mut ()) -> TestResult {
    record::start(&[VECTOR]);
    apic::send_to_self(VECTOR);
    check_eq!(record::count(), 0);
    cpu::wait_for_interrupt();
    check_eq!(record::count(), 1);
    Ok(())
}

/// However near the timer is to the HLT: it comes before the STI, between the two, or after.
pub fn sti_and_hlt_lose_nothing(_: &mut ()) -> TestResult {
    record::start(&[VECTOR]);
    apic::write(register::DIVIDE, 0xb);
    apic::write(register::LVT_TIMER, u32::from(VECTOR));
    for round in 0..200 {
        apic::write(register::INITIAL_COUNT, 1 + round * 7);
        while record::count() == u64::from(round) {
            cpu::wait_for_interrupt();
        }
    }
    apic::write(register::LVT_TIMER, apic::MASKED);
    check_eq!(record::count(), 200);
    Ok(())
}

pub fn registers_survive(_: &mut ()) -> TestResult {
    record::start(&[VECTOR]);
    let mut different: u64 = 0;
    cpu::interrupts_on();
    for _ in 0..100 {
        // SAFETY: the registers are declared or saved.
        unsafe {
            asm!(
                "push rbx", "push rbp",
                "mov rbx, rdx", "mov rbp, rdx", "mov r8, rdx", "mov r9, rdx", "mov r10, rdx",
                "mov r11, rdx", "mov r12, rdx", "mov r13, rdx", "mov r14, rdx", "mov r15, rdx",
                "movq xmm7, rdx",
                "mov [rdi], ecx", "nop", "nop", "nop", "nop",
                "movq rax, xmm7",
                "sub rax, rdx", "sub rbx, rdx", "sub rbp, rdx", "sub r8, rdx", "sub r9, rdx",
                "sub r10, rdx", "sub r11, rdx", "sub r12, rdx", "sub r13, rdx", "sub r14, rdx",
                "sub r15, rdx",
                "or rax, rbx", "or rax, rbp", "or rax, r8", "or rax, r9", "or rax, r10",
                "or rax, r11", "or rax, r12", "or rax, r13", "or rax, r14", "or rax, r15",
                "pop rbp", "pop rbx",
                in("rdx") 0x0123_4567_89ab_cdef_u64, in("rdi") BASE + register::ICR_LOW,
                in("ecx") TO_SELF, out("rax") different, out("xmm7") _,
                out("r8") _, out("r9") _, out("r10") _, out("r11") _, out("r12") _, out("r13") _,
                out("r14") _, out("r15") _,
            );
        }
        check_eq!(different, 0);
    }
    check_eq!(record::wait(100), 100);
    cpu::interrupts_off();
    Ok(())
}
