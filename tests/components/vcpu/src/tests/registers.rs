// SPDX-License-Identifier: BSD-2-Clause
//! What entries take and exits bring.

use sel4::Word;
use sel4_test::{TestResult, check, check_eq, check_matches};
use sel4_vcpu::{ControlRegister, CrAccess, Ended, Exit, Register, Registers, field::guest};
use test_guests::{CODE, Lab, STACK_END, program};

use super::{go_on, load, run};
use crate::clock;

program! {
    invert:
    "not rax", "not rbx", "not rcx", "not rdx", "not rsi", "not rdi", "not rbp",
    "not r8", "not r9", "not r10", "not r11", "not r12", "not r13", "not r14", "not r15",
    "vmcall", "vmcall",
}

const REGISTERS: Registers = Registers {
    rax: 0x1111_0000_0000_1111,
    rbx: 0x2222_0000_0000_0001,
    rcx: 0x3333_0000_0000_0002,
    rdx: 0x4444_0000_0000_0003,
    rsi: 0x5555_0000_0000_0004,
    rdi: 0x6666_0000_0000_0005,
    rbp: 0x7777_0000_0000_0006,
    r8: 0x8888_0000_0000_0007,
    r9: 0x9999_0000_0000_0008,
    r10: 0xaaaa_0000_0000_0009,
    r11: 0xbbbb_0000_0000_000a,
    r12: 0xcccc_0000_0000_000b,
    r13: 0xdddd_0000_0000_000c,
    r14: 0xeeee_0000_0000_000d,
    r15: 0xffff_0000_0000_000e,
};

const INVERTED: Registers = Registers {
    rax: !REGISTERS.rax,
    rbx: !REGISTERS.rbx,
    rcx: !REGISTERS.rcx,
    rdx: !REGISTERS.rdx,
    rsi: !REGISTERS.rsi,
    rdi: !REGISTERS.rdi,
    rbp: !REGISTERS.rbp,
    r8: !REGISTERS.r8,
    r9: !REGISTERS.r9,
    r10: !REGISTERS.r10,
    r11: !REGISTERS.r11,
    r12: !REGISTERS.r12,
    r13: !REGISTERS.r13,
    r14: !REGISTERS.r14,
    r15: !REGISTERS.r15,
};

pub fn registers_go_in_and_out(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, invert())?;
    context.registers = REGISTERS;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers, INVERTED);
    // What nobody changes stays.
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers, INVERTED);
    Ok(())
}

program! {
    cr_moves:
    "mov cr8, r15",
    // CR0.TS on and off: the kernel's, as long as the guest's FPU state is not in the FPU.
    "mov r12, cr0", "or r12, 8", "mov cr0, r12", "mov rax, cr0",
    "and r12, -9", "mov cr0, r12", "mov rbx, cr0",
    "mov r9, cr8",
}

pub fn r8_to_r15_move_to_control_registers(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, cr_moves())?;
    context.registers.r15 = 5;
    let write = ControlRegister {
        number: 8,
        access: CrAccess::Write(Register::R15),
    };
    check_eq!(run(lab, &mut context)?, Exit::ControlRegister(write));
    check_eq!(context.registers.operand(Register::R15), Some(&mut 5));
    let read = ControlRegister {
        number: 8,
        access: CrAccess::Read(Register::R9),
    };
    check_eq!(go_on(lab, &mut context)?, Exit::ControlRegister(read));
    const TS: Word = 8;
    check_eq!(context.registers.rax & TS, TS, "CR0.TS set");
    check_eq!(context.registers.rbx & TS, 0, "CR0.TS cleared");
    check_eq!(context.cr0 & TS, 0);
    Ok(())
}

program! {
    state: "sub rsp, 16", "stc", "cpuid",
}

pub fn an_exit_tells_the_guests_state(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, state())?;
    check_eq!(run(lab, &mut context)?, Exit::Cpuid);
    check_eq!(context.rip, CODE as Word + 5);
    check_eq!((context.instruction_length, context.reason), (2, 10));
    check_eq!(context.rsp, STACK_END as Word - 16);
    check_eq!(context.rflags & 1, 1, "carry flag");
    check_eq!(context.cr3, 0x1000);
    check_eq!(context.cr0 & 0x8000_0001, 0x8000_0001);
    check_eq!(context.cr4 & 0x20, 0x20);
    check_eq!(context.efer, 0x501);
    check_eq!(context.cs_access_rights() & 0xf0ff, 0xa09b);
    check_eq!(context.ss_access_rights() >> 5 & 3, 0);
    check_eq!((context.cs_base, context.interruptibility), (0, 0));
    check!(!context.event.is_some() && !context.vectoring.is_some());
    check_eq!(context.qualification, 0);
    Ok(())
}

/// The message of old: RIP, controls and event. The rest is what the virtual CPU has.
pub fn a_short_message_keeps_the_registers(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, invert())?;
    context.registers = REGISTERS;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    let controls = Word::from(context.controls().bits());
    let mut message = [0; 30];
    message[..3].copy_from_slice(&[context.rip + context.instruction_length, controls, 0]);
    check_eq!(sel4::vm_enter(&mut message, 3), (0, 1));
    check_eq!(message[3], 18, "VMCALL");
    check_eq!((message[5], message[7] & 2), (3, 2), "length, RFLAGS");
    check_eq!(message[10], INVERTED.rax);
    check_eq!(message[24], INVERTED.r15);
    Ok(())
}

program! {
    flags: "sti", "cpuid", "pushfq", "pop rax", "vmcall",
}

pub fn rflags_and_interruptibility_come_back(lab: &mut Lab) -> TestResult {
    const CARRY_INTERRUPT: Word = 1 | 1 << 9;
    let mut context = load(lab, flags())?;
    check_eq!(run(lab, &mut context)?, Exit::Cpuid);
    check_eq!(context.interruptibility, 1, "blocking by STI");
    check!(!context.is_interruptible());
    context.skip_instruction();
    check!(context.is_interruptible());
    context.rflags |= 1;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rax & CARRY_INTERRUPT, CARRY_INTERRUPT);
    check_eq!(context.interruptibility, 0);
    // The message counts, whatever was written to the VMCS meanwhile.
    let mut context = load(lab, flags())?;
    context.rflags |= 1;
    check_matches!(lab.vcpu.write(guest::RFLAGS, 0x203u64), Ok(_));
    check_eq!(run(lab, &mut context)?, Exit::Cpuid);
    check_eq!(context.rflags & CARRY_INTERRUPT, CARRY_INTERRUPT);
    let mut context = load(lab, flags())?;
    check_matches!(lab.vcpu.write(guest::RFLAGS, 3u64), Ok(_));
    check_eq!(run(lab, &mut context)?, Exit::Cpuid);
    check_eq!(context.rflags & 1, 0);
    Ok(())
}

program! {
    spin: "2: inc r8", "jmp 2b",
}

/// The guest never exits of itself. Its registers come with the notification.
pub fn an_interrupt_of_the_program_ends_the_run(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, spin())?;
    context.rflags |= 1 << 9;
    let mut last = 0;
    for _ in 0..3 {
        check_eq!(clock::start(), Ok(()));
        let ended = lab.vcpu.enter(&mut context);
        check_eq!(clock::stop(), Ok(()));
        check_eq!(ended, Ended::Notification(1 << clock::CLOCK.index()));
        check!(context.registers.r8 > last, "the guest did not run");
        check!((0..6).contains(&(context.rip - CODE as Word)));
        check_eq!(context.cr3, 0x1000);
        last = context.registers.r8;
    }
    Ok(())
}
