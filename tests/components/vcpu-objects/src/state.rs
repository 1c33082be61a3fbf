// SPDX-License-Identifier: BSD-2-Clause
//! What a guest keeps while others run.

use sel4::init_thread::slot;
use sel4_test::{TestResult, check_eq};
use sel4_vcpu::Exit;
use test_guests::program;

use crate::guest::Guest;
use crate::world::World;

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
