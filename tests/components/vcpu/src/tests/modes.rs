// SPDX-License-Identifier: BSD-2-Clause
//! Processor modes.

use sel4_test::{TestResult, check_eq};
use sel4_vcpu::{
    Exit, MsrAccess,
    field::{control, guest},
};
use test_guests::{Lab, Mode, program};

use super::{go_on, load_in, run};

program! {
    real: ".code16", "mov ax, 0x600", "mov ds, ax", "mov word ptr [0], 0x1234", "mov bx, cs",
    "vmcall",
}

pub fn real_mode(lab: &mut Lab) -> TestResult {
    let mut context = load_in(lab, Mode::Real, real())?;
    context.registers.rbx = 7;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(lab.memory.read64(0x6000) & 0xffff, 0x1234);
    check_eq!((context.cr0 & 0x8000_0001, context.registers.rbx), (0, 0));
    Ok(())
}

program! {
    protected: ".code32", "mov eax, 0x11111111", "inc eax", "push eax", "pop dword ptr [0x6000]",
    "cpuid",
}

pub fn protected_mode(lab: &mut Lab) -> TestResult {
    let mut context = load_in(lab, Mode::Protected, protected())?;
    check_eq!(run(lab, &mut context)?, Exit::Cpuid);
    check_eq!(lab.memory.read64(0x6000) as u32, 0x1111_1112);
    check_eq!(context.efer, 0);
    Ok(())
}

// The way that boot code takes: page tables, CR4.PAE, EFER.LME, CR0.PG and PE at once, a far jump.
program! {
    upwards: ".code16",
    "mov eax, 0x1000", "mov cr3, eax",
    "mov eax, cr4", "or eax, 0x20", "mov cr4, eax",
    "mov ecx, 0xc0000080", "mov eax, 0x100", "xor edx, edx", "wrmsr",
    "lgdt [0x6000]",
    "mov eax, cr0", "or eax, 0x80000001", "mov cr0, eax",
    ".byte 0x66, 0xea", ".long 0x8000 + 3f - guest_upwards", ".word 8",
    ".code64",
    "3: mov rax, 0x123456789abcdef0", "vmcall",
}

pub fn from_real_to_long_mode(lab: &mut Lab) -> TestResult {
    let mut context = load_in(lab, Mode::Real, upwards())?;
    // One page of 2 MiB, identity.
    for (at, entry) in [(0x1000, 0x2003), (0x2000, 0x3003), (0x3000, 0x83)] {
        lab.memory.write64(at, entry);
    }
    // Limit and base of the descriptor table.
    lab.memory.write(0x6000, &[23, 0, 0, 0x40, 0, 0]);
    let efer = MsrAccess {
        index: 0xc000_0080,
        value: 0x100,
    };
    check_eq!(run(lab, &mut context)?, Exit::WriteMsr(efer));
    check_eq!(lab.vcpu.write(guest::EFER, efer.value), Ok(efer.value));
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rax, 0x1234_5678_9abc_def0);
    check_eq!(context.efer, 0x500);
    let entry = lab.vcpu.read(control::ENTRY).map(|e| e & 1 << 9);
    check_eq!(entry, Ok(1 << 9), "IA-32e mode guest");
    Ok(())
}
