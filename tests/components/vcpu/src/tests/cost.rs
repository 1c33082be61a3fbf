// SPDX-License-Identifier: BSD-2-Clause
//! What an exit costs, from one RDTSC of the guest to the next. In Bochs a tick is an instruction.

use sel4_test::{TestResult, check, check_eq};
use sel4_vcpu::{Context, Exit};
use test_guests::{Lab, program};

use super::{load, run};

const ROUNDS: usize = 300;

// Ends with the ticks in R9.
program! {
    cpuid: "2: rdtsc", "mov r8, rax", "cpuid", "rdtsc", "mov r9, rax", "sub r9, r8", "vmcall",
    "jmp 2b",
}
program! {
    input: "2: rdtsc", "mov r8, rax", "in al, 0x80", "rdtsc", "mov r9, rax", "sub r9, r8",
    "vmcall", "jmp 2b",
}
program! {
    mmio: "2: rdtsc", "mov r8, rax", "mov ecx, [0x300000]", "rdtsc", "mov r9, rax", "sub r9, r8",
    "vmcall", "jmp 2b",
}

/// Median of the rounds; `handle` answers the exit.
fn measure(
    lab: &mut Lab,
    program: &[u8],
    handle: fn(&mut Context, Exit),
) -> Result<u64, sel4_test::Failure> {
    let mut context = load(lab, program)?;
    let mut ticks = [0; ROUNDS];
    for ticks in &mut ticks {
        let exit = run(lab, &mut context)?;
        handle(&mut context, exit);
        context.skip_instruction();
        check_eq!(run(lab, &mut context)?, Exit::Vmcall);
        *ticks = context.registers.r9;
        context.skip_instruction();
    }
    ticks.sort_unstable();
    Ok(ticks[ROUNDS / 2])
}

/// The kernel of a debugging build checks a lot, and with two cores a tick is an instruction of
/// either; the limit is for what a careless change costs.
pub fn an_exit_is_cheap(lab: &mut Lab) -> TestResult {
    let cpuid = measure(lab, cpuid(), |context, _| {
        context.registers.rax = 1;
        context.registers.rbx = 2;
        context.registers.rcx = 3;
        context.registers.rdx = 4;
    })?;
    let port = measure(lab, input(), |context, _| context.registers.rax = 0xff)?;
    let mmio = measure(lab, mmio(), |context, _| {
        context.registers.rcx = 0;
        context.instruction_length = 7;
    })?;
    log::info!("CPUID {cpuid}, IN {port}, MMIO {mmio} ticks");
    for (what, ticks) in [("CPUID", cpuid), ("IN", port), ("MMIO", mmio)] {
        check!(ticks < 2200, "{what}: {ticks} ticks");
    }
    Ok(())
}
