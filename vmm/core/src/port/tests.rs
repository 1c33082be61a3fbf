// SPDX-License-Identifier: BSD-2-Clause

use std::vec;

use proptest::prelude::*;
use vmm_base::Gpa;
use vmm_base::Width::{Byte, Dword, Word};

use super::*;
use crate::string::PORTION;
use crate::testing::{FakePlatform, In, Seen, context, with_instruction_info};

const RAX: u64 = 0x1122_3344_5566_7788;

const fn io(size: u8, input: bool, string: bool, repeated: bool) -> IoAccess {
    IoAccess {
        port: 0x3f8,
        size,
        input,
        string,
        repeated,
    }
}

#[test]
fn in_and_out() {
    for (size, width, rax, out) in [
        (1, Byte, 0x1122_3344_5566_77f4, 0x88),
        (2, Word, 0x1122_3344_5566_f3f4, 0x7788),
        (4, Dword, 0xf1f2_f3f4, 0x5566_7788),
    ] {
        let mut context = Context::at(0);
        context.registers.rax = RAX;
        let mut bus = FakePlatform::answering([0xf1f2_f3f4]);
        for input in [false, true] {
            single(&mut bus, &mut context, io(size, input, false, false));
        }
        let seen = [Seen::Out(0x3f8, width, out), Seen::In(0x3f8, width)];
        assert_eq!(bus.seen, seen);
        assert_eq!(context.registers.rax, rax);
    }
}

/// A guest without paging, whose segment begins at 0x100, with addresses of 32 bits.
fn string_context(count: u64) -> Context {
    let mut context = with_instruction_info(context(In::Protected), 1 << 7);
    context.registers.rcx = count;
    context.registers.rsi = 0x20;
    context.registers.rdi = 0x20;
    context.guest_linear = 0x120;
    context
}

#[test]
fn strings_go_through_the_segment() {
    let mut words = vec![0u64; 0x100];
    let ram = GuestRam::of(&mut words);
    let mut bus = FakePlatform::answering([0x1111, 0x2222, 0x3333]);
    let mut context = string_context(3);
    let done = strings(&ram, &mut bus, &mut context, io(2, true, true, true));
    assert_eq!(done, Outcome::Done);
    assert_eq!(
        ram.get(Gpa(0x120)),
        Ok([0x11, 0x11, 0x22, 0x22, 0x33, 0x33])
    );
    let registers = context.registers;
    assert_eq!(
        (registers.rdi, registers.rsi, registers.rcx),
        (0x26, 0x20, 0)
    );

    let mut context = string_context(9);
    bus.seen.clear();
    let done = strings(&ram, &mut bus, &mut context, io(4, false, true, false));
    assert_eq!(done, Outcome::Done);
    assert_eq!(bus.seen, [Seen::Out(0x3f8, Dword, 0x2222_1111)]);
    assert_eq!(
        (context.registers.rsi, context.registers.rcx),
        (0x24, 9),
        "once"
    );
}

#[test]
fn no_repetition_at_all() {
    let ram = GuestRam::of(&mut []);
    let mut bus = FakePlatform::default();
    let mut context = string_context(0);
    let done = strings(&ram, &mut bus, &mut context, io(1, true, true, true));
    assert_eq!((done, bus.seen.len()), (Outcome::Done, 0));
}

#[test]
fn repetitions_come_in_portions() {
    let mut words = vec![0u64; 0x100];
    let ram = GuestRam::of(&mut words);
    let mut bus = FakePlatform::default();
    let mut context = string_context(PORTION + 1);
    let outcome = strings(&ram, &mut bus, &mut context, io(1, false, true, true));
    assert_eq!((outcome, context.registers.rcx), (Outcome::Again, 1));
    context.guest_linear += PORTION;
    let outcome = strings(&ram, &mut bus, &mut context, io(1, false, true, true));
    assert_eq!((outcome, context.registers.rcx), (Outcome::Done, 0));
    assert_eq!(bus.seen.len() as u64, PORTION + 1);
}

#[test]
fn a_port_is_not_read_for_memory_that_is_not_there() {
    let mut words = vec![0u64; 0x400];
    let ram = GuestRam::of(&mut words);
    let mut bus = FakePlatform::default();
    let mut context = with_instruction_info(context(In::Long), 2 << 7);
    context.registers.rdi = 0x5000;
    context.guest_linear = 0x5000;
    let outcome = strings(&ram, &mut bus, &mut context, io(1, true, true, false));
    let fault = crate::walk::PageFault { error_code: 2 };
    let linear = 0x5000;
    assert_eq!(outcome, Outcome::PageFault { linear, fault });
    assert!(bus.seen.is_empty());
    assert_eq!(context.registers.rdi, 0x5000);
}

proptest! {
    #[test]
    fn any_string(rcx: u64, index: u64, linear: u64, info: u64, rflags: u64, size in 0..3u32, input: bool) {
        let mut words = vec![0u64; 0x100];
        let ram = GuestRam::of(&mut words);
        let mut bus = FakePlatform::default();
        let mut context = with_instruction_info(context(In::Protected), info);
        context.registers.rcx = rcx;
        context.registers.rsi = index;
        context.registers.rdi = index;
        context.guest_linear = linear;
        context.rflags = rflags;
        strings(&ram, &mut bus, &mut context, io(1 << size, input, true, true));
        prop_assert!(bus.seen.len() as u64 <= 2 * PORTION);
    }
}
