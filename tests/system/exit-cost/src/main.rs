// SPDX-License-Identifier: BSD-2-Clause
//! Measures what VM exits cost: median of [`ROUNDS`] rounds, from one RDTSC of the guest to the
//! next.
#![no_std]
#![no_main]

mod serial;

use core::fmt::Write;

use sel4_microkit::{NullHandler, ipc, memory_region_symbol, protection_domain};
use sel4_vcpu::{Context, Controls, Event, Exit, Primary, Secondary, Vcpu};
use test_guests::{Lab, MEMORY, Memory, Mode, program};

use serial::Serial;

const ROUNDS: usize = 300;

// Each leaves the ticks in R9 and calls.
program! {
    cpuid: "2: rdtsc", "mov r8, rax", "cpuid", "rdtsc", "mov r9, rax", "sub r9, r8", "vmcall",
    "jmp 2b",
}
program! {
    rdmsr: "2: mov ecx, 0x1b", "rdtsc", "mov r8, rax", "rdmsr", "rdtsc", "mov r9, rax",
    "sub r9, r8", "vmcall", "jmp 2b",
}
program! {
    input: "2: rdtsc", "mov r8, rax", "in al, 0x80", "rdtsc", "mov r9, rax", "sub r9, r8",
    "vmcall", "jmp 2b",
}
program! {
    mmio: "2: rdtsc", "mov r8, rax", "mov ecx, [0x300000]", "rdtsc", "mov r9, rax", "sub r9, r8",
    "vmcall", "jmp 2b",
}
// Asks for an interrupt with interrupts off, and takes it as soon as they are on.
program! {
    inject: "2: rdtsc", "mov r8, rax", "in al, 0x80", "sti", "nop", "3: jmp 3b",
    ".org guest_inject + 0x40",
    "rdtsc", "mov r9, rax", "sub r9, r8", "vmcall", "mov rsp, 0x8000", "jmp 2b",
}
// The handler ends the interrupt.
program! {
    self_ipi: "sti", "2: rdtsc", "mov r8, rax", "mov ecx, 0x83f", "mov eax, 0x51", "xor edx, edx",
    "wrmsr", "rdtsc", "mov r9, rax", "sub r9, r8", "vmcall", "jmp 2b",
    ".org guest_self_ipi + 0x40",
    "push rdx", "mov ecx, 0x80b", "xor eax, eax", "xor edx, edx", "wrmsr", "pop rdx", "iretq",
}
// Waits; the handler takes the time.
program! {
    halt: "2: rdtsc", "mov r8, rax", "sti", "hlt", "cli", "vmcall", "jmp 2b",
    ".org guest_halt + 0x40",
    "rdtsc", "mov r9, rax", "sub r9, r8", "push rdx",
    "mov ecx, 0x80b", "xor eax, eax", "xor edx, edx", "wrmsr", "pop rdx", "iretq",
}
const VECTOR: u8 = 0x51;
const HANDLER: usize = 0x40;

const VCPU: Vcpu = Vcpu::new(0);

/// Answers an exit; true at the end of a round.
type Answer = fn(&mut Context) -> bool;

fn answer(context: &mut Context) -> bool {
    match context.exit() {
        Exit::Cpuid => {
            context.registers.rax = 1;
            context.registers.rbx = 2;
            context.registers.rcx = 3;
            context.registers.rdx = 4;
        }
        Exit::ReadMsr(_) => {
            context.registers.rax = 5;
            context.registers.rdx = 6;
        }
        Exit::Io(_) => context.registers.rax = 0xff,
        Exit::EptViolation(_) => {
            context.registers.rcx = 0;
            context.instruction_length = 7;
        }
        Exit::Vmcall => {
            context.skip_instruction();
            return true;
        }
        _ => {}
    }
    context.skip_instruction();
    false
}

/// As a device that asks for an interrupt in answer to the port.
fn answer_with_interrupt(context: &mut Context) -> bool {
    match context.exit() {
        Exit::Io(_) => {
            context.set_controls(context.controls() | Primary::INTERRUPT_WINDOW);
            context.skip_instruction();
        }
        Exit::InterruptWindow => {
            context.set_controls(context.controls() - Primary::INTERRUPT_WINDOW);
            context.event = Event::interrupt(VECTOR);
        }
        _ => {
            context.skip_instruction();
            return true;
        }
    }
    false
}

/// As a monitor that gives the processor away while its guest waits, until a program of lower priority
/// notifies it of an interrupt.
fn answer_with_sleep(context: &mut Context) -> bool {
    let halted = context.exit() == Exit::Hlt;
    if halted && let ipc::Event::Notified(_) = ipc::recv() {
        let _ = VCPU.post_interrupt(VECTOR);
    }
    context.skip_instruction();
    !halted
}

/// The median, or None when the guest cannot be set up or run.
fn measure(lab: &mut Lab, code: &[u8], secondary: Secondary, answer: Answer) -> Option<u64> {
    let mut context = lab.load(Mode::Long, code).ok()?;
    lab.set_gate(VECTOR, HANDLER);
    let usual = Lab::controls(Mode::Long);
    let shadow = match secondary.is_empty() {
        true => Primary::empty(),
        false => Primary::TPR_SHADOW,
    };
    let controls = Controls {
        primary: usual.primary | shadow,
        secondary,
        ..usual
    };
    if !lab.vcpu.negotiate(controls).ok()?.is_empty() {
        return None;
    }
    context.set_controls(controls.primary);
    let mut ticks = [0; ROUNDS];
    for ticks in &mut ticks {
        loop {
            lab.run(&mut context)?;
            if answer(&mut context) {
                break;
            }
        }
        *ticks = context.registers.r9;
    }
    ticks.sort_unstable();
    Some(ticks[ROUNDS / 2])
}

fn report(lab: &mut Lab, serial: &mut Serial) -> core::fmt::Result {
    const NONE: Secondary = Secondary::empty();
    const APIC: Secondary = Secondary::VIRTUALIZE_X2APIC
        .union(Secondary::APIC_REGISTER_VIRTUALIZATION)
        .union(Secondary::VIRTUAL_INTERRUPT_DELIVERY);
    let measurements: [(&str, &[u8], Secondary, Answer); 7] = [
        ("CPUID", cpuid(), NONE, answer),
        ("RDMSR", rdmsr(), NONE, answer),
        ("IN", input(), NONE, answer),
        ("MMIO", mmio(), NONE, answer),
        ("INJECTION", inject(), NONE, answer_with_interrupt),
        ("SELF-IPI", self_ipi(), APIC, answer),
        ("HLT", halt(), APIC, answer_with_sleep),
    ];
    for (name, code, secondary, answer) in measurements {
        match measure(lab, code, secondary, answer) {
            Some(ticks) => writeln!(serial, "exit-cost|{name} {ticks}\r")?,
            None => writeln!(serial, "exit-cost|{name} failed\r")?,
        }
    }
    Ok(())
}

#[protection_domain]
fn init() -> NullHandler {
    let region = memory_region_symbol!(guest_vaddr: *mut [u8], n = MEMORY);
    // SAFETY: the region is mapped for good, and nothing else refers to it.
    let memory = unsafe { Memory::new(region) };
    let mut lab = Lab::new(VCPU, memory);
    if let Ok(mut serial) = Serial::new() {
        // Where the serial port fails there is nobody to tell.
        let _ = report(&mut lab, &mut serial);
    }
    NullHandler::new()
}
