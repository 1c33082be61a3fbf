// SPDX-License-Identifier: BSD-2-Clause
//! Injected events, and what ends a run in time.

use sel4::Word;
use sel4_test::{TestResult, check, check_eq, check_matches, fail};
use sel4_vcpu::{
    Event, EventKind, Exit, Primary,
    field::{control, guest},
};
use test_guests::{CODE, Lab, Mode, program};

use super::{go_on, load, run};

// The handlers follow the program, each 16 bytes long: the first tells the stack's top, the second
// pops an error code.
program! {
    interruptible:
    "2: inc r8", "jmp 2b",
    ".org guest_interruptible + 0x40",
    "mov rax, [rsp]", "mov ebx, 0x31", "vmcall", "iretq",
    ".org guest_interruptible + 0x60",
    "pop rdx", "mov rax, [rsp]", "mov ebx, 0xd", "vmcall", "iretq",
}
const FIRST: usize = 0x40;
const SECOND: usize = 0x60;
const INTERRUPT_FLAG: Word = 1 << 9;

pub fn an_interrupt_is_injected(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, interruptible())?;
    lab.set_gate(0x31, FIRST);
    context.rflags |= INTERRUPT_FLAG;
    context.event = Event::interrupt(0x31);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(
        (context.registers.rbx, context.registers.rax),
        (0x31, CODE as Word)
    );
    check_eq!(context.rflags & INTERRUPT_FLAG, 0, "an interrupt gate");
    check!(
        !context.event.is_some(),
        "it has been delivered: {:?}",
        context.event
    );
    Ok(())
}

pub fn an_exception_brings_its_error_code(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, interruptible())?;
    lab.set_gate(13, SECOND);
    context.event = Event::exception(13).with_error_code(0x1238);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!((context.registers.rbx, context.registers.rdx), (13, 0x1238));
    check_eq!(context.registers.rax, CODE as Word);
    Ok(())
}

pub fn a_software_interrupt_returns_behind_it(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, interruptible())?;
    lab.set_gate(0x80, FIRST);
    context.event = Event::new(EventKind::SoftwareInterrupt, 0x80);
    context.instruction_length = 2;
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rax, CODE as Word + 2);
    Ok(())
}

program! {
    window: "cpuid", "sti", "nop", "nop", "hlt",
}

pub fn the_interrupt_window_opens(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, window())?;
    check_eq!(run(lab, &mut context)?, Exit::Cpuid);
    check!(!context.is_interruptible());
    context.set_controls(context.controls() | Primary::INTERRUPT_WINDOW);
    check_eq!(go_on(lab, &mut context)?, Exit::InterruptWindow);
    check_eq!(
        context.rip,
        CODE as Word + 4,
        "behind the instruction after STI"
    );
    check!(context.is_interruptible());
    context.set_controls(context.controls() - Primary::INTERRUPT_WINDOW);
    check_eq!(run(lab, &mut context)?, Exit::Hlt);
    Ok(())
}

/// The descriptor table lies where no memory is, then memory turns up.
pub fn an_interrupted_delivery_goes_on(lab: &mut Lab) -> TestResult {
    const NOWHERE: u64 = 0x40_0000;
    let mut context = load(lab, interruptible())?;
    lab.set_gate(0x31, FIRST);
    check_matches!(lab.vcpu.write(guest::IDTR_BASE, NOWHERE), Ok(_));
    context.rflags |= INTERRUPT_FLAG;
    context.event = Event::interrupt(0x31);
    let Exit::EptViolation(violation) = run(lab, &mut context)? else {
        fail!("{:?}", context.exit());
    };
    check_eq!(violation.address, NOWHERE + 0x310);
    check_eq!(context.vectoring.again(), Event::interrupt(0x31));
    check_matches!(lab.vcpu.write(guest::IDTR_BASE, 0x5000u64), Ok(_));
    context.event = context.vectoring.again();
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rbx, 0x31);
    Ok(())
}

program! {
    page_fault: "mov rax, [0x40000000]", "vmcall",
    ".org guest_page_fault + 0x40",
    "pop rdx", "mov ebx, 14", "vmcall",
}

/// Beyond the identity mapping: a page that is not present, read by the guest's kernel.
pub fn page_faults_exit_by_error_code(lab: &mut Lab) -> TestResult {
    const NOT_PRESENT: Event = Event::exception(14).with_error_code(0);
    for (mask, match_, exits) in [(1u32, 0u32, true), (1, 1, false), (0, 0, true)] {
        let mut context = load(lab, page_fault())?;
        lab.set_gate(14, FIRST);
        check_matches!(lab.vcpu.write(control::EXCEPTION_BITMAP, 1u32 << 14), Ok(_));
        check_eq!(lab.vcpu.write(control::PAGE_FAULT_MASK, mask), Ok(mask));
        check_eq!(
            lab.vcpu.write(control::PAGE_FAULT_MATCH, match_),
            Ok(match_)
        );
        let exit = run(lab, &mut context)?;
        if exits {
            check_eq!(exit, Exit::Exception(NOT_PRESENT));
            check_eq!(context.qualification, 0x4000_0000, "linear address");
        } else {
            check_eq!((exit, context.registers.rbx), (Exit::Vmcall, 14));
        }
    }
    check_eq!(lab.vcpu.write(control::PAGE_FAULT_MASK, 0u32), Ok(0));
    Ok(())
}

pub fn the_preemption_timer_ends_the_run(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, interruptible())?;
    let controls = sel4_vcpu::Controls {
        pin: sel4_vcpu::Pin::PREEMPTION_TIMER,
        ..Lab::controls(Mode::Long)
    };
    check_eq!(lab.vcpu.negotiate(controls).map(|m| m.is_empty()), Ok(true));
    check_eq!(lab.vcpu.write(guest::PREEMPTION_TIMER, 1000u32), Ok(1000));
    check_eq!(run(lab, &mut context)?, Exit::PreemptionTimer);
    check!(context.registers.r8 > 0, "the guest did not run");
    Ok(())
}

/// A point in time holds across the host's own interrupts, of which there is one every 2 ms.
pub fn a_guest_exits_at_a_point_in_time(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, interruptible())?;
    let controls = sel4_vcpu::Controls {
        pin: sel4_vcpu::Pin::PREEMPTION_TIMER,
        ..Lab::controls(Mode::Long)
    };
    check_eq!(lab.vcpu.negotiate(controls).map(|m| m.is_empty()), Ok(true));
    // The counter's unit is a power of two of ticks, up to 2^31; common are 1 to 32.
    const UNIT: u64 = 256;
    for ticks in [0, 10_000, 3_000_000] {
        let deadline = now() + ticks;
        context.exit_at(deadline);
        check_eq!(run(lab, &mut context)?, Exit::PreemptionTimer);
        check!(now() + UNIT >= deadline, "too early");
    }
    context.exit_at(u64::MAX);
    lab.set_gate(0x31, FIRST);
    context.rflags |= INTERRUPT_FLAG;
    context.event = Event::interrupt(0x31);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall, "never");
    Ok(())
}

program! {
    fault_address:
    "mov rax, 0x1234567890", "mov cr2, rax", "vmcall", "mov rbx, cr2", "vmcall",
    ".org guest_fault_address + 0x40",
    "pop rdx", "mov rax, cr2", "vmcall",
}

/// CR2 stays over an exit, and comes with a page fault that is injected.
pub fn a_page_fault_brings_its_address(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, fault_address())?;
    lab.set_gate(14, FIRST);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(go_on(lab, &mut context)?, Exit::Vmcall);
    check_eq!(context.registers.rbx, 0x12_3456_7890);
    context.event = Event::exception(14).with_error_code(6);
    context.set_fault_address(0xfedc_b000);
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    check_eq!(
        (context.registers.rax, context.registers.rdx),
        (0xfedc_b000, 6)
    );
    Ok(())
}

program! {
    time: "rdtsc", "shl rdx, 32", "or rax, rdx", "vmcall",
}

fn now() -> u64 {
    // SAFETY: every x86-64 CPU has it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

pub fn the_time_stamp_counter_has_an_offset(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, time())?;
    context.set_controls(context.controls() | Primary::TSC_OFFSETTING);
    let start = now();
    let offset = 0u64.wrapping_sub(start);
    check_eq!(lab.vcpu.write(control::TSC_OFFSET, offset), Ok(offset));
    check_eq!(lab.vcpu.read(control::TSC_OFFSET), Ok(offset));
    check_eq!(run(lab, &mut context)?, Exit::Vmcall);
    let (guest, passed) = (context.registers.rax, now() - start);
    check!(guest < passed, "{guest} of {passed} ticks");
    Ok(())
}

program! {
    steps: "nop", "inc rax", "inc rax", "hlt",
}

pub fn single_steps(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, steps())?;
    context.set_controls(context.controls() | Primary::MONITOR_TRAP);
    for rip in [1, 4, 7] {
        check_eq!(run(lab, &mut context)?, Exit::MonitorTrap);
        check_eq!(context.rip - CODE as Word, rip);
    }
    check_eq!(run(lab, &mut context)?, Exit::Hlt);
    check_eq!(context.registers.rax, 2);
    Ok(())
}
