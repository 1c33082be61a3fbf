// SPDX-License-Identifier: BSD-2-Clause

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use sel4_vcpu::field::{control, guest};
use sel4_vcpu::{Event, Primary, reason};
use vmm_base::Width::Byte;

use super::*;
use crate::testing::{FakeCpu, FakePlatform, In, Seen, as_user, context};

const INTERRUPT_FLAG: u64 = 1 << 9;
const GENERAL_PROTECTION: Event = Event::exception(13).with_error_code(0);
const INVALID_OPCODE: Event = Event::exception(6);

type FakeMachine<'a> = Machine<'a, FakeCpu, FakePlatform>;

fn machine(words: &mut [u64]) -> FakeMachine<'_> {
    let host = |leaf: u32, _: u32| match leaf {
        0 => [7, 1, 2, 3],
        _ => [0xff; 4],
    };
    Machine::new(
        FakeCpu::default(),
        GuestRam::of(words),
        Cpuid::new(host, 1_000_000_000),
        FakePlatform::default(),
    )
}

/// A context that came back with this exit, of an instruction of 2 bytes at 0x100.
fn exited(reason: u32, qualification: u64) -> Context {
    let mut context = context(In::Protected);
    context.rip = 0x100;
    context.instruction_length = 2;
    context.reason = reason.into();
    context.qualification = qualification;
    context
}

/// What becomes of an exit: the next step, and the context.
fn after(reason: u32, qualification: u64) -> (Result<Next, Stop>, Context) {
    let mut context = exited(reason, qualification);
    let next = machine(&mut []).exit(&mut context);
    (next, context)
}

#[test]
fn cpuid_is_answered() {
    let mut context = exited(reason::CPUID, 0);
    context.registers.rax = 0xffff_ffff_4000_0000;
    context.registers.rcx = u64::MAX;
    assert_eq!(machine(&mut []).exit(&mut context), Ok(Next::Enter));
    let registers = context.registers;
    let name =
        [registers.rbx, registers.rcx, registers.rdx].map(|word| (word as u32).to_le_bytes());
    assert_eq!(
        (registers.rax, name.concat()),
        (0x4000_0000, crate::SIGNATURE.to_vec())
    );
    assert!(registers.rbx >> 32 == 0 && registers.rcx >> 32 == 0);
    assert_eq!(context.rip, 0x102);
}

#[test]
fn a_port_is_read_at_the_present_time() {
    let mut machine = machine(&mut []);
    machine.cpu.tsc = 1000;
    machine.tsc_offset = 5;
    machine.platform.answers.push_back(0x41);
    machine.platform.deadline = Some(2005);
    let mut context = exited(reason::IO, 0x3f8 << 16 | 1 << 3);
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!(machine.platform.seen, [Seen::In(0x3f8, Byte)]);
    assert_eq!((context.registers.rax, context.rip), (0x41, 0x102));
    assert_eq!(
        (machine.platform.now, machine.deadline()),
        (1005, Some(2000))
    );
}

#[test]
fn an_interrupt_that_an_access_caused_comes_with_the_next_entry() {
    let mut machine = machine(&mut []);
    machine.platform.waiting = vec![0x31];
    let mut context = exited(reason::IO, 0x3f8 << 16);
    context.rflags |= INTERRUPT_FLAG;
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!(context.event, Event::interrupt(0x31));
    assert_eq!(machine.platform.accepted, [0x31]);
}

#[test]
fn an_interrupt_waits_for_its_window() {
    let mut machine = machine(&mut []);
    machine.platform.waiting = vec![0x31];
    let mut context = exited(reason::IO, 0x3f8 << 16);
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert!(context.controls().contains(Primary::INTERRUPT_WINDOW));
    context.rflags |= INTERRUPT_FLAG;
    context.reason = reason::INTERRUPT_WINDOW.into();
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!(
        (context.event, context.rip),
        (Event::interrupt(0x31), 0x102)
    );
    assert!(!context.controls().contains(Primary::INTERRUPT_WINDOW));
}

#[test]
fn a_guest_that_steps_is_told_of_each_step() {
    for (flags, pending) in [(0, 0), (1 << 8, 1 << 14)] {
        let mut machine = machine(&mut []);
        let mut context = exited(reason::CPUID, 0);
        context.rflags |= flags;
        assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
        assert_eq!(machine.cpu.get(guest::PENDING_DEBUG), pending);
    }
}

#[test]
fn a_halted_guest_waits_until_something_comes() {
    let mut machine = machine(&mut []);
    let mut context = exited(reason::HLT, 0);
    context.rflags |= INTERRUPT_FLAG;
    context.interruptibility = 1;
    assert_eq!(machine.exit(&mut context), Ok(Next::Wait));
    assert_eq!((context.rip, context.interruptibility), (0x102, 0));
    assert_eq!(machine.platform.flushed, 1, "what it said is to be seen");
    assert_eq!(
        machine.notified(&mut context),
        Ok(Next::Wait),
        "nothing came"
    );
    machine.platform.waiting = vec![0x31];
    assert_eq!(machine.notified(&mut context), Ok(Next::Enter));
    assert_eq!(context.event, Event::interrupt(0x31));
}

#[test]
fn sti_and_hlt_with_an_interrupt_that_waits_do_not_wait() {
    let mut machine = machine(&mut []);
    machine.platform.waiting = vec![0x31];
    let mut context = exited(reason::HLT, 0);
    context.rflags |= INTERRUPT_FLAG;
    context.interruptibility = 1;
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!(context.event, Event::interrupt(0x31));
}

#[test]
fn a_guest_that_halts_for_good_stops() {
    assert_eq!(after(reason::HLT, 0).0, Err(Stop::HaltedForGood));
    let mut machine = machine(&mut []);
    machine.platform.nmi = true;
    let mut context = exited(reason::HLT, 0);
    assert_eq!(
        machine.exit(&mut context),
        Ok(Next::Enter),
        "an NMI goes on"
    );
    assert_eq!(context.event, Event::new(sel4_vcpu::EventKind::Nmi, 2));
}

#[test]
fn instructions_that_are_not_there() {
    for reason in [
        reason::VMCALL,
        reason::VMXON,
        reason::INVEPT,
        reason::MONITOR,
        reason::MWAIT,
    ] {
        let (next, context) = after(reason, 0);
        assert_eq!((next, context.event), (Ok(Next::Enter), INVALID_OPCODE));
        assert_eq!(context.rip, 0x100, "a fault");
    }
    for reason in [reason::RDPMC, reason::XSETBV] {
        let (next, context) = after(reason, 0);
        assert_eq!((next, context.event), (Ok(Next::Enter), GENERAL_PROTECTION));
    }
    for reason in [reason::WBINVD, reason::INVD] {
        let (next, context) = after(reason, 0);
        assert_eq!(
            (next, context.event, context.rip),
            (Ok(Next::Enter), Event::NONE, 0x102)
        );
    }
}

#[test]
fn ends() {
    let rip = 0x100;
    for (reason, stop) in [
        (reason::TRIPLE_FAULT, Stop::TripleFault),
        (
            reason::INVALID_GUEST_STATE,
            Stop::InvalidState {
                rip,
                reason: reason::INVALID_GUEST_STATE,
            },
        ),
        (
            reason::TASK_SWITCH,
            Stop::Unsupported {
                what: Unsupported::Exit(reason::TASK_SWITCH),
                rip,
            },
        ),
    ] {
        assert_eq!(after(reason, 0).0, Err(stop));
    }
    let mut machine = machine(&mut []);
    machine.platform.stop = Some(Stop::PowerOff);
    let mut context = exited(reason::IO, 0x600 << 16);
    assert_eq!(machine.exit(&mut context), Err(Stop::PowerOff));
}

fn msr(machine: &mut FakeMachine<'_>, reason: u32, index: u64, value: u64) -> Context {
    let mut context = exited(reason, 0);
    context.registers.rcx = index;
    context.registers.rax = value & 0xffff_ffff;
    context.registers.rdx = value >> 32;
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    context
}

#[test]
fn msrs_are_refused_unless_they_are_known() {
    let mut machine = machine(&mut []);
    for (index, value) in [
        (0x1a0, Some(0x1801)),
        (0x802, Some(7)),
        (0x803, None),
        (0x179, None),
    ] {
        let context = msr(&mut machine, reason::RDMSR, index, u64::MAX);
        match value {
            Some(value) => {
                let registers = context.registers;
                assert_eq!(
                    (registers.rdx << 32 | registers.rax, context.rip),
                    (value, 0x102)
                );
            }
            None => assert_eq!((context.event, context.rip), (GENERAL_PROTECTION, 0x100)),
        }
    }
    for (index, value, done) in [
        (0x8b, 0, true),
        (0x1d9, 0, true),
        (0x1d9, 1, false),
        (0x80b, 0, true),
        (0x1a0, 0, false),
        (0x2ff, 0, false),
    ] {
        let context = msr(&mut machine, reason::WRMSR, index, value);
        assert_eq!(context.event.is_some(), !done, "{index:#x}");
    }
}

#[test]
fn the_tsc_is_moved_as_the_guest_wants() {
    let mut machine = machine(&mut []);
    machine.cpu.tsc = 5000;
    let read = |machine: &mut FakeMachine<'_>, index| {
        let registers = msr(machine, reason::RDMSR, index, 0).registers;
        registers.rdx << 32 | registers.rax
    };
    msr(&mut machine, reason::WRMSR, 0x10, 1000);
    assert_eq!(read(&mut machine, 0x10), 1000);
    assert_eq!(read(&mut machine, 0x3b), 4000u64.wrapping_neg());
    assert_eq!(machine.cpu.get(control::TSC_OFFSET), 4000u64.wrapping_neg());
    msr(&mut machine, reason::WRMSR, 0x3b, 0);
    assert_eq!(
        (read(&mut machine, 0x10), read(&mut machine, 0x3b)),
        (5000, 0)
    );
    assert_eq!(machine.platform.now, 5000);
}

/// Qualification of an access to a control register: number, kind, register.
const fn control(number: u64, kind: u64, register: u64) -> u64 {
    number | kind << 4 | register << 8
}

#[test]
fn task_priority_and_cr4() {
    let mut machine = machine(&mut []);
    let mut context = exited(reason::CONTROL_REGISTER, control(8, 0, 3));
    context.registers.rbx = 9;
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!((machine.platform.priority, context.rip), (9, 0x102));
    context.qualification = control(8, 1, 1);
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!(context.registers.rcx, 9);
    context.qualification = control(8, 0, 3);
    context.registers.rbx = 16;
    assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
    assert_eq!(
        (machine.platform.priority, context.event),
        (9, GENERAL_PROTECTION)
    );
    let (next, context) = after(reason::CONTROL_REGISTER, control(4, 0, 0));
    assert_eq!((next, context.event), (Ok(Next::Enter), GENERAL_PROTECTION));
}

#[test]
fn what_the_cpu_does_of_an_apic_is_the_platforms() {
    let mut machine = machine(&mut []);
    for (reason, qualification) in [(reason::VIRTUALIZED_EOI, 0x31), (reason::APIC_WRITE, 0x300)] {
        let mut context = exited(reason, qualification);
        assert_eq!(machine.exit(&mut context), Ok(Next::Enter));
        assert_eq!(context.rip, 0x100, "nothing is to be skipped");
    }
    let seen = [VirtualAccess::Eoi(0x31), VirtualAccess::Written(0x300)];
    assert_eq!(machine.platform.virtual_accesses, seen);
}

#[test]
fn the_first_state_is_the_loaders() {
    let mut words = vec![0u64; 0x4_0000];
    let ram = GuestRam::of(&mut words);
    // A flat multiboot image at 1 MiB: magic, flags, checksum, and addresses.
    let header = [
        0x1bad_b002u32,
        0x1_0000,
        0u32.wrapping_sub(0x1bad_b002 + 0x1_0000),
        0x10_0000,
        0x10_0000,
        0,
        0,
        0x10_0040,
    ];
    let image: Vec<u8> = header.iter().flat_map(|word| word.to_le_bytes()).collect();
    let guest = vmm_boot::Guest {
        kernel: &image,
        initramfs: &[],
        command_line: &[],
        rsdp: None,
    };
    let mut other = [];
    let state = vmm_boot::load(ram, &guest);
    let Ok(state) = state else {
        panic!("{state:?}");
    };
    let mut machine = machine(&mut other);
    machine.cpu.tsc = 777;
    let context = machine
        .start(&state, Primary::HLT)
        .expect("a kernel that obeys");
    assert_eq!((context.rip, context.controls()), (0x10_0040, Primary::HLT));
    assert_eq!(context.registers.rax, 0x2bad_b002);
    let cpu = &machine.cpu;
    assert_eq!(cpu.get(guest::CR0), state.cr0 | 1 << 5);
    assert_eq!(cpu.get(control::CR0_SHADOW), state.cr0);
    assert_eq!(cpu.get(control::ENTRY), 0, "32 bits");
    assert_eq!(cpu.get(control::TSC_OFFSET), 777u64.wrapping_neg());
    assert_eq!(machine.platform.now, 0);
    assert_eq!(
        cpu.get(control::CR4_MASK) & 1 << 13,
        1 << 13,
        "VMXE is not the guest's"
    );
}

proptest! {
    /// No exit makes the monitor panic, whatever the guest's state is.
    #[test]
    fn any_exit(
        reason in 0..80u32,
        qualification: u64,
        rip: u64,
        registers: [u64; 4],
        address: u64,
        user: bool,
    ) {
        let mut words = vec![0x2007u64; 0x800];
        let mut machine = machine(&mut words);
        let context = context(In::Long);
        let mut context = if user { as_user(context) } else { context };
        context.reason = reason.into();
        (context.qualification, context.rip) = (qualification, rip);
        (context.guest_physical, context.guest_linear) = (address, address);
        [
            context.registers.rax,
            context.registers.rcx,
            context.registers.rdx,
            context.registers.rdi,
        ] = registers;
        let _ = machine.exit(&mut context);
        prop_assert!(machine.platform.seen.len() <= 128);
    }
}
