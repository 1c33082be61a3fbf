// SPDX-License-Identifier: BSD-2-Clause
//! What a guest keeps while others run or its thread is stopped.

use sel4::init_thread::slot;
use sel4_test::{TestResult, check, check_eq, skip};
use sel4_vcpu::{Exit, Primary, reason};
use test_guests::program;

use crate::guest::Guest;
use crate::thread::{Answer, Thread};
use crate::world::{World, now};

program! {
    debugs:
    "mov rax, dr0", "mov rbx, dr1", "mov rcx, dr2", "mov rdx, dr3", "mov rsi, dr6",
    "mov dr0, r8", "mov dr1, r9", "mov dr2, r10", "mov dr3, r11", "mov dr6, r12",
    "vmcall",
}

/// Two guests of a thread take turns; each finds what it left behind.
pub fn debug_registers_are_the_guests_own(world: &mut World) -> TestResult {
    const RESET: u64 = 0xffff_0ff0;
    world.renew()?;
    let thread = slot::TCB.cap();
    let mut guests = [Guest::new(world, thread)?, Guest::new(world, thread)?];
    let mut left = [[0, 0, 0, 0, RESET]; 2];
    for round in 0..3u64 {
        for (number, (guest, left)) in (1..).zip(guests.iter_mut().zip(&mut left)) {
            guest.give(thread)?;
            let mut context = guest.load(debugs())?;
            let new = [1, 2, 3, 4].map(|register| register << 12 | round << 4 | number);
            let [r8, r9, r10, r11] = new;
            let r12 = RESET | number;
            context.registers = sel4_vcpu::Registers {
                r8,
                r9,
                r10,
                r11,
                r12,
                ..context.registers
            };
            check_eq!(guest.run(&mut context)?, Exit::Vmcall);
            let found = context.registers;
            let found = [found.rax, found.rbx, found.rcx, found.rdx, found.rsi];
            check_eq!(found, *left, "round {round}");
            *left = [r8, r9, r10, r11, r12];
        }
    }
    Ok(())
}

program! {
    steps: "mov ecx, 2000", "2: dec ecx", "jnz 2b", "vmcall",
}

/// Single steps exit behind the instruction: one that is not told does not come again. Whoever calls
/// a method of a thread on another core has that stopped meanwhile.
pub fn exits_are_told_while_the_thread_is_stopped(world: &mut World) -> TestResult {
    const STEPS: u64 = 1 + 2 * 2000;
    /// In which the thread makes progress.
    const PAUSE: u64 = 3000;
    if world.cores() < 2 {
        skip!("one core only");
    }
    world.renew()?;
    let thread = Thread::new(world, 1)?;
    let mut guest = Guest::new(world, thread.tcb)?;
    let mut context = guest.load(steps())?;
    context.set_controls(context.controls() | Primary::MONITOR_TRAP);
    thread.enter(&context)?;
    let mut seed = now();
    let done = world.wait(|| {
        let (since, pause) = (now(), PAUSE + seed % 64);
        seed = seed.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1) >> 1;
        while now().wrapping_sub(since) < pause {}
        thread.answer().is_some() || thread.tcb.tcb_set_priority(slot::TCB.cap(), 255).is_err()
    });
    check!(done, "the thread hangs after {} steps", thread.steps());
    let expected = Answer::Exit(reason::VMCALL.into());
    check_eq!(thread.answer(), Some(expected));
    check_eq!(thread.steps(), STEPS);
    Ok(())
}
