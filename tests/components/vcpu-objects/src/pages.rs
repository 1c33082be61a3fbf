// SPDX-License-Identifier: BSD-2-Clause
//! Guests that find memory, and guests that do not.

use core::arch::x86_64::__cpuid;

use sel4::init_thread::slot;
use sel4_test::{Failure, TestResult, check, check_eq, fail};
use sel4_vcpu::{Context, EptViolation, Event, EventKind, Exit, field};
use test_guests::{CODE, DATA, Mode, program};

use crate::guest::{self, Guest, run};
use crate::world::{PAGE, World};

/// What is missing where the guest looked.
pub fn violation(exit: Exit) -> Result<EptViolation, Failure> {
    match exit {
        Exit::EptViolation(violation) => Ok(violation),
        other => fail!("found {other:?}, expected an EPT violation"),
    }
}

program! {
    writes: "mov [0x6000], rax", "mov rbx, [0x1ffff8]", "vmcall",
}

/// Without an extended page table there is nothing, at no address that the processor has.
pub fn a_guest_without_memory_finds_none(world: &mut World) -> TestResult {
    /// What an entry of the topmost table is for.
    const TOP_BITS: u32 = 39;
    world.renew()?;
    let mut lab = guest::without_tables(world)?;
    let address_bits = __cpuid(0x8000_0008).eax & 0xff;
    for top in 0..1u64 << address_bits.saturating_sub(TOP_BITS).min(9) {
        let mut context = lab.load(Mode::Long, writes())?;
        let tables = top << TOP_BITS;
        lab.vcpu.write(field::guest::CR3, tables)?;
        let violation = violation(run(&lab, &mut context)?)?;
        check_eq!((violation.address, violation.mapped), (tables, false));
    }
    Ok(())
}

/// The upper end of the page is where no small page would be.
pub fn a_guest_in_a_large_page(world: &mut World) -> TestResult {
    const VALUE: u64 = 0x1234_5678_9abc_def0;
    world.renew()?;
    let (mut lab, page) = guest::large(world)?;
    let mut context = lab.load(Mode::Long, writes())?;
    context.registers.rax = VALUE;
    lab.memory.write64(0x1f_fff8, 42);
    check_eq!(run(&lab, &mut context)?, Exit::Vmcall);
    check_eq!(
        (lab.memory.read64(DATA), context.registers.rbx),
        (VALUE, 42)
    );

    page.frame_unmap()?;
    let mut context = lab.load(Mode::Long, writes())?;
    let violation = violation(run(&lab, &mut context)?)?;
    check_eq!(violation.address, 0x1000, "the guest's page table");
    Ok(())
}

program! {
    takes_events:
    // Where each case begins: to be interrupted, INT, a page that is not present.
    "2: jmp 2b", ".org guest_takes_events + 0x10",
    "int 0x31", "hlt", ".org guest_takes_events + 0x20",
    "mov rax, [0x40000000]", "hlt", ".org guest_takes_events + 0x40",
    // The handlers.
    "pop rdx", "mov ebx, 0x31", "vmcall", ".org guest_takes_events + 0x60",
    "pop rsi", "pop rdx", "mov ebx, 14", "mov rdi, cr2", "vmcall",
}
const INTERRUPTED: u64 = CODE as u64;
const SOFTWARE: u64 = CODE as u64 + 0x10;
const FAULT: u64 = CODE as u64 + 0x20;
const HANDLER: usize = 0x40;
const FAULT_HANDLER: usize = 0x60;
/// What a delivery needs: descriptors of segments and of interrupts, and the stack.
const NEEDED: [usize; 3] = [0x4000, 0x5000, 0x7000];

/// Delivers an event although all that the processor needs for it turns up one after the other,
/// and while it is being delivered.
fn deliver(guest: &mut Guest, rip: u64, event: Event) -> Result<Context, Failure> {
    let mut context = guest.load(takes_events())?;
    guest.lab.set_gate(0x31, HANDLER);
    guest.lab.set_gate(14, FAULT_HANDLER);
    context.rip = rip;
    context.event = event;
    for at in NEEDED {
        guest.pages[at / PAGE].frame_unmap()?;
    }
    for _ in NEEDED {
        let at = violation(guest.run(&mut context)?)?.address as usize & !(PAGE - 1);
        check!(NEEDED.contains(&at), "{at:#x} is missing");
        check!(context.vectoring.is_some(), "what was on its way is told");
        guest.tables.map(guest.pages[at / PAGE], at)?;
        context.event = context.vectoring.again();
    }
    check_eq!(guest.run(&mut context)?, Exit::Vmcall);
    Ok(context)
}

pub fn events_go_on_where_their_tables_are_missing(world: &mut World) -> TestResult {
    world.renew()?;
    let mut guest = Guest::new(world, slot::TCB.cap())?;
    let context = deliver(&mut guest, INTERRUPTED, Event::interrupt(0x31))?;
    let (vector, from) = (context.registers.rbx, context.registers.rdx);
    check_eq!((vector, from), (0x31, INTERRUPTED));

    let context = deliver(&mut guest, SOFTWARE, Event::default())?;
    let (vector, from) = (context.registers.rbx, context.registers.rdx);
    check_eq!(
        (vector, from),
        (0x31, SOFTWARE + 2),
        "behind the instruction"
    );

    let context = deliver(&mut guest, FAULT, Event::default())?;
    let found = context.registers;
    check_eq!((found.rbx, found.rdx), (14, FAULT));
    check_eq!(
        (found.rsi, found.rdi),
        (0, 0x4000_0000),
        "error code and address"
    );
    check_eq!(context.vectoring.is_some(), false);

    // Injected, it has to know how long the instruction is.
    let software = Event::new(EventKind::SoftwareInterrupt, 0x31);
    let context = deliver(&mut guest, SOFTWARE, software)?;
    check_eq!(context.registers.rbx, 0x31);
    Ok(())
}
