// SPDX-License-Identifier: BSD-2-Clause
//! Model-specific registers.

use sel4::Error;
use sel4_test::{TestResult, check_eq, fail};
use sel4_vcpu::{Exit, Msr, MsrAccess};
use test_guests::{CODE, Lab, program};

use super::{go_on, load, run};

program! {
    system_call:
    "mov ecx, 0xc0000082", "lea rax, [rip + 4f]", "xor edx, edx", "wrmsr",
    "mov ecx, 0xc0000081", "mov edx, 8", "xor eax, eax", "wrmsr",
    "mov ecx, 0xc0000084", "mov eax, 1", "xor edx, edx", "wrmsr",
    "stc", "syscall",
    "5: hlt",
    "4: setc bl", "lea rdx, [rip + 5b]", "sub rcx, rdx", "vmcall",
}

/// It would go to the kernel's handler if the registers were the host's.
pub fn system_calls_stay_in_the_guest(lab: &mut Lab) -> TestResult {
    for _ in 0..2 {
        let mut context = load(lab, system_call())?;
        check_eq!(run(lab, &mut context)?, Exit::Vmcall);
        check_eq!((context.registers.rcx, context.registers.rbx), (0, 0));
        check_eq!(lab.vcpu.read_msr(Msr::Star), Ok(8 << 32));
        check_eq!(lab.vcpu.read_msr(Msr::Fmask), Ok(1));
    }
    Ok(())
}

program! {
    swapgs:
    "mov ecx, 0xc0000102", "mov edx, 0x1122", "mov eax, 0x33445566", "wrmsr",
    "mov ecx, 0xc0000101", "mov edx, 0x7788", "mov eax, 0x99aabbcc", "wrmsr",
    "swapgs", "rdmsr", "vmcall",
    "swapgs", "rdmsr", "vmcall",
}

pub fn swapgs_stays_in_the_guest(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, swapgs())?;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(
        (context.registers.rdx, context.registers.rax),
        (0x1122, 0x3344_5566)
    );
    check_eq!(lab.vcpu.read_msr(Msr::KernelGsBase), Ok(0x7788_99aa_bbcc));
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
    check_eq!(
        (context.registers.rdx, context.registers.rax),
        (0x7788, 0x99aa_bbcc)
    );
    Ok(())
}

program! {
    read_all:
    "mov ecx, 0xc0000081", "rdmsr", "mov rsi, rax",
    "mov ecx, 0xc0000083", "rdmsr", "mov rdi, rax",
    "mov ecx, 0xc0000103", "rdmsr", "mov rbp, rax",
    "vmcall",
}

pub fn msrs_are_the_monitors_too(lab: &mut Lab) -> TestResult {
    for (i, msr) in Msr::ALL.into_iter().enumerate() {
        let value = 0x1000 + i as u64;
        check_eq!(lab.vcpu.write_msr(msr, value), Ok(()), "{msr:?}");
        check_eq!(lab.vcpu.read_msr(msr), Ok(value), "{msr:?}");
    }
    let mut context = load(lab, read_all())?;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    let found = context.registers;
    check_eq!((found.rsi, found.rdi, found.rbp), (0x1000, 0x1002, 0x1005));
    let efer = sel4::CPtr::from_bits(330);
    let label = sel4::sys::invocation_label::X86VCPUWriteMSR;
    let refused = sel4::invoke(efer, label, &[], &[0xc000_0080, 0]).map(drop);
    check_eq!(
        refused,
        Err(Error::IllegalOperation),
        "EFER has a VMCS field"
    );
    Ok(())
}

program! {
    touch: "rdmsr", "wrmsr", "vmcall",
}

/// The x2APIC's above all: they are the host's interrupt controller.
pub fn other_msrs_exit(lab: &mut Lab) -> TestResult {
    const OTHER: [u32; 12] = [
        0x10,
        0x1b,
        0x3a,
        0x1a0,
        0x480,
        0x6e0,
        0x802,
        0x808,
        0x80b,
        0x830,
        0x83f,
        0xc000_0080,
    ];
    for index in OTHER {
        let mut context = load(lab, touch())?;
        context.registers.rcx = index.into();
        context.registers.rax = 5;
        check_eq!(run(lab, &mut context)?, Exit::ReadMsr(index));
        let access = MsrAccess { index, value: 5 };
        check_eq!(go_on(lab, &mut context)?, Exit::WriteMsr(access));
    }
    for index in [0x174, 0x175, 0x176, 0x277, 0xc000_0100] {
        let mut context = load(lab, touch())?;
        context.registers.rcx = index;
        if run(lab, &mut context)? != Exit::Vmcall {
            fail!(
                "{index:#x}: {:?} at {:#x}",
                context.exit(),
                context.rip - CODE as u64
            );
        }
    }
    Ok(())
}
