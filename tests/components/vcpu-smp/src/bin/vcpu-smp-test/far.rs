// SPDX-License-Identifier: BSD-2-Clause
//! What another core does to the guest.

use sel4_microkit::Channel;
use sel4_test::{TestResult, check_eq, fail};
use sel4_vcpu::{Context, Controls, Ended, Exit, Primary, Secondary};
use test_guests::{DATA, Lab, Mode, program};
use vcpu_smp_tests::{DONE, Order, ROUNDS, VECTOR};

use crate::load;

const HELPER: Channel = Channel::new(1);
const INTERRUPT_FLAG: u64 = 1 << 9;

program! {
    exits: "2: cpuid", "jmp 2b",
}

program! {
    spins: "2: pause", "jmp 2b",
}

/// A lost one would leave both waiting for ever.
fn answer_all(lab: &mut Lab, mut context: Context) -> TestResult {
    Order::Answer.write(&mut lab.memory);
    for round in 0..ROUNDS {
        HELPER.notify();
        loop {
            match lab.vcpu.enter(&mut context) {
                Ended::Notification(_) => break,
                Ended::Exit if context.exit() == Exit::Cpuid => context.skip_instruction(),
                other => fail!("round {round}: {other:?}, {:?}", context.exit()),
            }
        }
    }
    Ok(())
}

pub fn notifications_are_not_lost_in_exits(lab: &mut Lab) -> TestResult {
    let context = load(lab, exits())?;
    answer_all(lab, context)
}

pub fn notifications_are_not_lost_in_guests(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, spins())?;
    context.rflags |= INTERRUPT_FLAG;
    answer_all(lab, context)
}

program! {
    posted:
    "2: pause", "cmp qword ptr [0x6000], rbx", "jne 2b", "vmcall",
    ".org guest_posted + 0x40",
    "inc qword ptr [0x6000]", "push rax", "push rcx", "push rdx",
    "mov ecx, 0x80b", "xor eax, eax", "xor edx, edx", "wrmsr",
    "pop rdx", "pop rcx", "pop rax", "iretq",
}
const HANDLER: usize = 0x40;

/// The guest leaves and enters again for each, but its monitor does not hear of it.
pub fn interrupts_are_posted_to_a_running_guest(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, posted())?;
    lab.set_gate(VECTOR, HANDLER);
    lab.memory.write64(DATA, 0);
    let usual = Lab::controls(Mode::Long);
    let controls = Controls {
        primary: usual.primary | Primary::TPR_SHADOW,
        secondary: Secondary::VIRTUALIZE_X2APIC
            | Secondary::APIC_REGISTER_VIRTUALIZATION
            | Secondary::VIRTUAL_INTERRUPT_DELIVERY,
        ..usual
    };
    check_eq!(lab.vcpu.negotiate(controls), Ok(Controls::default()));
    context.set_controls(controls.primary);
    context.rflags |= INTERRUPT_FLAG;
    context.registers.rbx = ROUNDS;
    Order::Post.write(&mut lab.memory);
    HELPER.notify();
    let mut notified = 0;
    let exit = loop {
        match lab.vcpu.enter(&mut context) {
            Ended::Notification(_) => notified += 1,
            Ended::Exit => break context.exit(),
            Ended::NoVcpu => fail!("no virtual CPU"),
        }
    };
    check_eq!(exit, Exit::Vmcall);
    check_eq!(lab.memory.read64(DATA), ROUNDS);
    if notified == 0 {
        wait(lab)?;
    }
    Ok(())
}

/// Waits for the helper's notification, in a guest that does nothing.
fn wait(lab: &mut Lab) -> TestResult {
    let mut context = load(lab, spins())?;
    context.rflags |= INTERRUPT_FLAG;
    match lab.vcpu.enter(&mut context) {
        Ended::Notification(_) => Ok(()),
        other => fail!("{other:?}"),
    }
}

program! {
    steps: "2: inc r8", "cmp r8, rbx", "jne 2b", "vmcall",
}

/// Single steps exit behind the instruction: one that is not told does not come again.
pub fn exits_are_told_while_somebody_looks(lab: &mut Lab) -> TestResult {
    const ITERATIONS: u64 = 2000;
    let mut context = load(lab, steps())?;
    context.set_controls(context.controls() | Primary::MONITOR_TRAP);
    context.registers.rbx = ITERATIONS;
    lab.memory.write64(DONE, 0);
    Order::Look.write(&mut lab.memory);
    HELPER.notify();
    let mut steps = 0;
    let exit = loop {
        match lab.run(&mut context) {
            Some(Exit::MonitorTrap) => steps += 1,
            Some(exit) => break exit,
            None => fail!("no virtual CPU"),
        }
    };
    lab.memory.write64(DONE, 1);
    check_eq!(exit, Exit::Vmcall);
    check_eq!(steps, 3 * ITERATIONS);
    wait(lab)
}
