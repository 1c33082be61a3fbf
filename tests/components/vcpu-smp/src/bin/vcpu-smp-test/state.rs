// SPDX-License-Identifier: BSD-2-Clause
//! The guest's state on another core than the virtual CPU was made on.

use sel4_test::{TestResult, check_eq};
use sel4_vcpu::{Exit, Msr};
use test_guests::{DATA, Lab, program};

use crate::load;

program! {
    invert: "not rax", "not r8", "not r15", "vmcall",
}

pub fn registers_go_in_and_out(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, invert())?;
    context.registers.rax = 1;
    context.registers.r15 = 15;
    check_eq!(lab.run(&mut context), Some(Exit::Vmcall));
    let found = context.registers;
    check_eq!((found.rax, found.r8, found.r15), (!1, !0, !15));
    Ok(())
}

program! {
    swapgs:
    "mov ecx, 0xc0000102", "mov edx, 0x1122", "mov eax, 0x33445566", "wrmsr",
    "mov ecx, 0xc0000101", "mov edx, 0x7788", "mov eax, 0x99aabbcc", "wrmsr",
    "swapgs", "rdmsr", "vmcall",
}

/// The kernel finds its own data by what SWAPGS exchanges.
pub fn swapgs_stays_in_the_guest(lab: &mut Lab) -> TestResult {
    for _ in 0..3 {
        let mut context = load(lab, swapgs())?;
        check_eq!(lab.run(&mut context), Some(Exit::Vmcall));
        check_eq!(
            (context.registers.rdx, context.registers.rax),
            (0x1122, 0x3344_5566)
        );
        check_eq!(lab.vcpu.read_msr(Msr::KernelGsBase), Ok(0x7788_99aa_bbcc));
    }
    Ok(())
}

program! {
    system_call:
    "mov ecx, 0xc0000082", "lea rax, [rip + 4f]", "xor edx, edx", "wrmsr",
    "mov ecx, 0xc0000081", "mov edx, 8", "xor eax, eax", "wrmsr",
    "syscall",
    "hlt",
    "4: mov ebx, 1", "vmcall",
}

pub fn system_calls_stay_in_the_guest(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, system_call())?;
    check_eq!(lab.run(&mut context), Some(Exit::Vmcall));
    check_eq!(context.registers.rbx, 1);
    Ok(())
}

program! {
    count: "fninit", "fldz", "mov ecx, 100", "2: fld1", "faddp st(1), st", "cpuid", "dec r8",
    "jnz 2b", "fistp qword ptr [0x6000]", "vmcall",
}

pub fn the_fpu_is_the_guests_own(lab: &mut Lab) -> TestResult {
    const ROUNDS: u64 = 50;
    let mut context = load(lab, count())?;
    context.registers.r8 = ROUNDS;
    let mut sum = 0.0;
    while lab.run(&mut context) == Some(Exit::Cpuid) {
        sum += core::hint::black_box(1.5);
        context.skip_instruction();
    }
    check_eq!(context.exit(), Exit::Vmcall);
    check_eq!(lab.memory.read64(DATA), ROUNDS);
    check_eq!(sum as u64, ROUNDS * 3 / 2);
    Ok(())
}
