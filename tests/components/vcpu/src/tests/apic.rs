// SPDX-License-Identifier: BSD-2-Clause
//! The virtual APIC that the CPU works with.

use sel4::{Error, Word};
use sel4_test::{Failure, TestResult, check, check_eq, check_matches, fail};
use sel4_vcpu::{
    ApicAccessKind, ApicRegister, Context, ControlRegister, Controls, CrAccess, Exit, MsrAccess,
    Primary, Register, Secondary,
    field::{control, guest},
};
use test_guests::{CODE, Lab, Mode, program};

use super::{go_on, load, run};

const X2APIC: Secondary = Secondary::VIRTUALIZE_X2APIC;
const REGISTERS: Secondary = Secondary::APIC_REGISTER_VIRTUALIZATION;
const DELIVERY: Secondary = Secondary::VIRTUAL_INTERRUPT_DELIVERY;
const INTERRUPT_FLAG: Word = 1 << 9;
const VECTOR: u8 = 0x51;

/// Loads a program with the TPR shadow and these secondary controls, its APIC empty.
fn load_with(lab: &mut Lab, secondary: Secondary, code: &[u8]) -> Result<Context, Failure> {
    let mut context = load(lab, code)?;
    let usual = Lab::controls(Mode::Long);
    let controls = Controls {
        primary: usual.primary | Primary::TPR_SHADOW,
        secondary: usual.secondary | secondary,
        ..usual
    };
    match lab.vcpu.negotiate(controls) {
        Ok(missing) if missing.is_empty() => {}
        other => fail!("{other:?}"),
    }
    for offset in (0..0x400).step_by(16) {
        let register = ApicRegister::at(offset);
        let cleared = register.map(|register| lab.vcpu.write_apic(register, 0));
        check_eq!(cleared, Some(Ok(())), "{offset:#x}");
    }
    check_eq!(lab.vcpu.write(guest::INTERRUPT_STATUS, 0u16), Ok(0));
    check_eq!(lab.vcpu.write(control::TPR_THRESHOLD, 0u32), Ok(0));
    context.set_controls(controls.primary);
    Ok(context)
}

program! {
    priority: "mov cr8, rax", "mov rbx, cr8", "vmcall",
}

/// The guest's task priority is no longer the host's.
pub fn the_tpr_shadow_is_the_guests(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, Secondary::empty(), priority())?;
    context.registers.rax = 5;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rbx, 5);
    check_eq!(lab.vcpu.read_apic(ApicRegister::TPR), Ok(0x50));
    // Without it, CR8 exits again although nobody asks for that.
    let mut context = load(lab, priority())?;
    let expected = ControlRegister {
        number: 8,
        access: CrAccess::Write(Register::Rax),
    };
    check_eq!(run(lab, &mut context)?, Exit::ControlRegister(expected));
    Ok(())
}

pub fn a_priority_below_the_threshold_exits(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, Secondary::empty(), priority())?;
    check_eq!(lab.vcpu.write_apic(ApicRegister::TPR, 0x70), Ok(()));
    check_eq!(lab.vcpu.write(control::TPR_THRESHOLD, 6u32), Ok(6));
    context.registers.rax = 3;
    check_eq!(run(lab, &mut context)?, Exit::TprBelowThreshold);
    check_eq!(context.rip, CODE as Word + 4, "behind the instruction");
    Ok(())
}

pub fn registers_of_the_apic_are_checked(lab: &mut Lab) -> TestResult {
    use sel4::sys::invocation_label as label;
    let vcpu = sel4::CPtr::from_bits(330);
    for offset in [4, 0x84, 0x400, 0x1000, Word::MAX] {
        for label in [label::X86VCPUReadAPIC, label::X86VCPUWriteAPIC] {
            let result = sel4::invoke(vcpu, label, &[], &[offset, 0]).map(drop);
            check_eq!(result, Err(Error::RangeError), "{offset:#x}");
        }
    }
    check_eq!(lab.vcpu.post_interrupt(15), Err(Error::RangeError));
    for vector in [256, Word::MAX] {
        let result = sel4::invoke(vcpu, label::X86VCPUPostInterrupt, &[], &[vector]).map(drop);
        check_eq!(result, Err(Error::RangeError), "{vector:#x}");
    }
    Ok(())
}

program! {
    touch: "rdmsr", "wrmsr", "vmcall",
}

/// What does an access to register `index` of the x2APIC do: (read exits, write exits)?
fn accesses(lab: &mut Lab, secondary: Secondary, index: u32) -> Result<(bool, bool), Failure> {
    let mut context = load_with(lab, secondary, touch())?;
    context.registers.rcx = index.into();
    context.registers.rax = 0x20;
    context.registers.rdx = 0;
    let mut exit = run(lab, &mut context)?;
    let reads = exit == Exit::ReadMsr(index);
    if reads {
        // The value that it then writes must be legal.
        context.registers.rax = 0x20;
        exit = go_on(lab, &mut context)?;
    }
    let writes = matches!(exit, Exit::WriteMsr(MsrAccess { index: i, .. }) if i == index);
    if !writes && exit != Exit::Vmcall {
        fail!("{index:#x} with {secondary:?}: {exit:?}");
    }
    Ok((reads, writes))
}

/// What the CPU does not virtualise is the host's interrupt controller.
pub fn only_virtual_registers_of_the_x2apic_do_not_exit(lab: &mut Lab) -> TestResult {
    const EXIT: (bool, bool) = (true, true);
    const FREE: (bool, bool) = (false, false);
    const READ: (bool, bool) = (false, true);
    for (secondary, index, expected) in [
        (Secondary::empty(), 0x808, EXIT),
        (X2APIC, 0x808, FREE),
        (X2APIC, 0x80b, EXIT),
        (X2APIC, 0x802, EXIT),
        (X2APIC, 0x830, EXIT),
        (X2APIC | REGISTERS, 0x802, READ),
        (X2APIC | REGISTERS, 0x80f, READ),
        (X2APIC | REGISTERS, 0x827, READ),
        (X2APIC | REGISTERS, 0x830, READ),
        (X2APIC | REGISTERS, 0x838, READ),
        (X2APIC | REGISTERS, 0x839, EXIT),
        (X2APIC | REGISTERS, 0x831, EXIT),
        (X2APIC | REGISTERS, 0x840, EXIT),
        (X2APIC | REGISTERS, 0x8ff, EXIT),
        (X2APIC | REGISTERS | DELIVERY, 0x830, READ),
        (X2APIC | REGISTERS | DELIVERY, 0x83f, (true, false)),
        (REGISTERS | DELIVERY, 0x802, EXIT),
        (REGISTERS | DELIVERY, 0x83f, EXIT),
        (Secondary::empty(), 0x802, EXIT),
    ] {
        let found = accesses(lab, secondary, index)?;
        check_eq!(found, expected, "{index:#x} with {secondary:?}");
    }
    Ok(())
}

// The handler counts in R9, tells the x2APIC and returns.
program! {
    interrupted:
    "2: inc r8", "cmp r9, r10", "jne 2b", "vmcall",
    "mov ecx, 0x83f", "mov eax, 0x52", "xor edx, edx", "wrmsr", "nop", "vmcall",
    ".org guest_interrupted + 0x40",
    "inc r9", "push rax", "push rcx", "push rdx",
    "mov ecx, 0x80b", "xor eax, eax", "xor edx, edx", "wrmsr",
    "pop rdx", "pop rcx", "pop rax", "iretq",
}
const HANDLER: usize = 0x40;

/// Posted before the entry; end of interrupt, self-IPI and its delivery without an exit.
pub fn interrupts_are_delivered_without_exits(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC | REGISTERS | DELIVERY, interrupted())?;
    lab.set_gate(VECTOR, HANDLER);
    lab.set_gate(0x52, HANDLER);
    context.rflags |= INTERRUPT_FLAG;
    context.registers.r10 = 1;
    check_eq!(lab.vcpu.post_interrupt(VECTOR), Ok(()));
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.r9, 1);
    check_eq!(
        lab.vcpu.read(guest::INTERRUPT_STATUS),
        Ok(0),
        "nothing is left"
    );
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.r9, 2, "the self-IPI");
    Ok(())
}

/// The message of the entry posts it; what is no vector is ignored.
pub fn an_entry_brings_an_interrupt_along(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC | REGISTERS | DELIVERY, interrupted())?;
    lab.set_gate(VECTOR, HANDLER);
    context.rflags |= INTERRUPT_FLAG;
    context.registers.r10 = 1;
    context.post(VECTOR);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.r9, 1);
    check_eq!(context.apic_state().status(), 0, "nothing is left");
    context.rip = CODE as Word;
    context.post(2);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.r9, 1);
    Ok(())
}

/// With interrupts off the exit tells what waits, and the priority.
pub fn an_exit_tells_the_apics_state(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC | REGISTERS | DELIVERY, interrupted())?;
    check_eq!(lab.vcpu.write_apic(ApicRegister::TPR, 0x50), Ok(()));
    context.post(VECTOR);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    let state = context.apic_state();
    check!(state.is_known(), "it is not told");
    check_eq!(
        (state.status(), state.task_priority()),
        (VECTOR.into(), 0x50)
    );
    let mut context = load_with(lab, Secondary::empty(), interrupted())?;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check!(!context.apic_state().is_known(), "there is none");
    Ok(())
}

/// With interrupts off it waits, in the order of priorities.
pub fn posted_interrupts_wait_for_the_flag(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC | REGISTERS | DELIVERY, interrupted())?;
    for vector in [0x31, 0xf1, VECTOR] {
        lab.set_gate(vector, HANDLER);
        check_eq!(lab.vcpu.post_interrupt(vector), Ok(()));
    }
    context.registers.r10 = 0;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(
        lab.vcpu.read(guest::INTERRUPT_STATUS),
        Ok(0xf1),
        "the highest requests"
    );
    for (vector, bit) in [(0x31, 17), (VECTOR, 17), (0xf1, 17)] {
        check_eq!(lab.vcpu.read_apic(ApicRegister::irr(vector)), Ok(1 << bit));
    }
    context.rip = CODE as Word;
    context.registers.r10 = 3;
    context.rflags |= INTERRUPT_FLAG;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.r9, 3);
    for vector in [0x31, VECTOR, 0xf1] {
        check_eq!(lab.vcpu.read_apic(ApicRegister::irr(vector)), Ok(0));
        check_eq!(lab.vcpu.read_apic(ApicRegister::isr(vector)), Ok(0));
    }
    Ok(())
}

/// So a monitor that looks sees it before the entry, and one that clears the registers clears it.
pub fn what_is_posted_is_in_the_registers(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC | REGISTERS | DELIVERY, interrupted())?;
    check_eq!(lab.vcpu.post_interrupt(0x31), Ok(()));
    check_eq!(lab.vcpu.post_interrupt(VECTOR), Ok(()));
    check_eq!(lab.vcpu.read_apic(ApicRegister::TPR), Ok(0));
    check_eq!(lab.vcpu.read(guest::INTERRUPT_STATUS), Ok(VECTOR.into()));
    check_eq!(lab.vcpu.read_apic(ApicRegister::irr(0x31)), Ok(1 << 17));
    check_eq!(lab.vcpu.post_interrupt(0xf1), Ok(()));
    for vector in [0x31, VECTOR, 0xf1] {
        check_eq!(lab.vcpu.write_apic(ApicRegister::irr(vector), 0), Ok(()));
    }
    check_eq!(lab.vcpu.write(guest::INTERRUPT_STATUS, 0u16), Ok(0));
    context.rflags |= INTERRUPT_FLAG;
    context.registers.r10 = 0;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.r9, 0, "none came");
    Ok(())
}

pub fn an_end_of_interrupt_exits_by_the_bitmap(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC | REGISTERS | DELIVERY, interrupted())?;
    lab.set_gate(VECTOR, HANDLER);
    let bit = 1u64 << (VECTOR - 64);
    check_eq!(lab.vcpu.write(control::EOI_EXIT_1, bit), Ok(bit));
    check_eq!(lab.vcpu.read(control::EOI_EXIT_1), Ok(bit));
    context.rflags |= INTERRUPT_FLAG;
    context.registers.r10 = 1;
    check_eq!(lab.vcpu.post_interrupt(VECTOR), Ok(()));
    check_eq!(run(lab, &mut context)?, Exit::Eoi(VECTOR));
    check_eq!(
        lab.vcpu.read_apic(ApicRegister::isr(VECTOR)),
        Ok(0),
        "it is over"
    );
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(lab.vcpu.write(control::EOI_EXIT_1, 0u64), Ok(0));
    Ok(())
}

/// Where `system.xml` maps a page for it.
const APIC_PAGE: u64 = 0x3fe0_0000;

program! {
    xapic:
    "mov edi, 0x3fe00000",
    "mov eax, [rdi + 0x20]",
    "mov dword ptr [rdi + 0x300], 0x4050",
    "mov ebx, [rdi + 0x390]",
    "vmcall",
}

/// The APIC of old, by a page: the id is read, the interrupt command written, the timer computed.
pub fn accesses_to_the_apics_page_are_virtual(lab: &mut Lab) -> TestResult {
    let secondary = Secondary::VIRTUALIZE_APIC_ACCESSES | REGISTERS | DELIVERY;
    check_eq!(
        lab.vcpu.set_apic_access(0x40_0000),
        Err(Error::FailedLookup)
    );
    check_eq!(lab.vcpu.set_apic_access(APIC_PAGE), Ok(()));
    let mut context = load_with(lab, secondary, xapic())?;
    check_eq!(lab.vcpu.write_apic(ApicRegister::ID, 0x700_0000), Ok(()));
    check_eq!(run(lab, &mut context)?, Exit::ApicWrite(0x300));
    check_eq!(context.registers.rax, 0x700_0000);
    check_eq!(lab.vcpu.read_apic(ApicRegister::ICR_LOW), Ok(0x4050));
    let Exit::ApicAccess(access) = run(lab, &mut context)? else {
        fail!("{:?}", context.exit());
    };
    check_eq!((access.offset, access.kind), (0x390, ApicAccessKind::Read));
    context.instruction_length = 6;
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
    // Without the control it is memory like any other.
    let mut context = load(lab, xapic())?;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_matches!(context.registers.rax, 0);
    check!(context.registers.rbx == 0);
    Ok(())
}

/// Controls that only work together: the entry refuses, the host is not in danger.
pub fn an_apic_without_its_shadow_does_not_run(lab: &mut Lab) -> TestResult {
    let mut context = load_with(lab, X2APIC, priority())?;
    context.set_controls(Primary::HLT);
    check_eq!(
        run(lab, &mut context)?,
        Exit::EntryInstructionFailed(Some(7))
    );
    Ok(())
}
