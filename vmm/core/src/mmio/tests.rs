// SPDX-License-Identifier: BSD-2-Clause

use std::string::ToString;
use std::vec;
use std::vec::Vec;

use proptest::prelude::*;
use vmm_base::Width::{Byte, Dword, Qword, Word};

use super::*;
use crate::string::PORTION;
use crate::testing::{FakeCpu, FakePlatform, In, Seen, context};

const DEVICE: u64 = 0xfec0_0000;
const CODE: u64 = 0x8000;
const RAX: u64 = 0x1122_3344_5566_7788;

fn exit(address: u64) -> EptViolation {
    EptViolation {
        address,
        read: true,
        write: false,
        fetch: false,
        linear: Some(address),
        in_page_walk: false,
        mapped: false,
    }
}

/// A guest's memory with page tables that map the first 4 GiB to themselves, and code.
fn memory(code: &[u8]) -> Vec<u64> {
    let mut words = vec![0u64; 0x2000];
    let ram = GuestRam::of(&mut words);
    ram.write(Gpa(0x1000), &0x2007u64.to_le_bytes())
        .expect("inside");
    for i in 0..4u64 {
        let entry = (i << 30 | 0x87).to_le_bytes();
        ram.write(Gpa(0x2000 + 8 * i), &entry).expect("inside");
    }
    ram.write(Gpa(CODE), code).expect("inside");
    words
}

/// Executes an instruction of 64-bit mode, with the device's address in RDI (and RSI where it matters).
fn run(code: &[u8], context: &mut Context, bus: &mut FakePlatform) -> Result<Outcome, Stop> {
    let mut words = memory(code);
    run_in(&mut words, context, bus, exit(DEVICE))
}

fn run_in(
    words: &mut [u64],
    context: &mut Context,
    bus: &mut FakePlatform,
    exit: EptViolation,
) -> Result<Outcome, Stop> {
    let ram = GuestRam::of(words);
    let mut cache = Cache::default();
    let decoded = find(&ram, &mut cache, context, exit)?;
    execute(&FakeCpu::default(), &ram, bus, context, exit, decoded)
}

fn long() -> Context {
    let mut context = context(In::Long);
    context.rip = CODE;
    context.registers.rax = RAX;
    context.registers.rbx = 0x0102_0304_0506_0708;
    context
}

#[test]
fn loads() {
    for (code, width, device, rax) in [
        (&[0x8a, 0x07][..], Byte, 0xf1, 0x1122_3344_5566_77f1), // mov al, [rdi]
        (&[0x8a, 0x27], Byte, 0xf1, 0x1122_3344_5566_f188),     // mov ah, [rdi]
        (&[0x66, 0x8b, 0x07], Word, 0xf1f2, 0x1122_3344_5566_f1f2), // mov ax, [rdi]
        (&[0x8b, 0x07], Dword, 0xf1f2_f3f4, 0xf1f2_f3f4),       // mov eax, [rdi]
        (
            &[0x48, 0x8b, 0x07],
            Qword,
            0xf1f2_f3f4_f5f6_f7f8,
            0xf1f2_f3f4_f5f6_f7f8,
        ), // mov rax, [rdi]
        (&[0x0f, 0xb6, 0x07], Byte, 0xf1, 0xf1),                // movzx eax, byte [rdi]
        (&[0x48, 0x0f, 0xb7, 0x07], Word, 0xf1f2, 0xf1f2),      // movzx rax, word [rdi]
        (&[0x66, 0x0f, 0xbe, 0x07], Byte, 0xf1, 0x1122_3344_5566_fff1), // movsx ax, byte [rdi]
        (&[0x0f, 0xbf, 0x07], Word, 0xf1f2, 0xffff_f1f2),       // movsx eax, word [rdi]
        (
            &[0x48, 0x63, 0x07],
            Dword,
            0xf1f2_f3f4,
            0xffff_ffff_f1f2_f3f4,
        ), // movsxd rax, [rdi]
        (&[0x48, 0xa1, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0], Qword, 7, 7), // mov rax, [0xfec00000]
    ] {
        let (mut context, mut bus) = (long(), FakePlatform::answering([device]));
        assert_eq!(run(code, &mut context, &mut bus), Ok(Outcome::Done));
        assert_eq!(bus.seen, [Seen::Read(DEVICE, width)], "{code:x?}");
        assert_eq!(context.registers.rax, rax, "{code:x?}");
        assert_eq!(context.instruction_length, code.len() as u64);
    }
}

#[test]
fn stores() {
    for (code, width, value) in [
        (&[0x88, 0x07][..], Byte, 0x88),                    // mov [rdi], al
        (&[0x88, 0x27], Byte, 0x77),                        // mov [rdi], ah
        (&[0x66, 0x89, 0x07], Word, 0x7788),                // mov [rdi], ax
        (&[0x89, 0x1f], Dword, 0x0506_0708),                // mov [rdi], ebx
        (&[0x48, 0x89, 0x07], Qword, RAX),                  // mov [rdi], rax
        (&[0xc6, 0x07, 0xfe], Byte, 0xfe),                  // mov byte [rdi], 0xfe
        (&[0xc7, 0x07, 1, 2, 3, 0xf4], Dword, 0xf403_0201), // mov dword [rdi], …
        (
            &[0x48, 0xc7, 0x07, 1, 2, 3, 0xf4],
            Qword,
            0xffff_ffff_f403_0201,
        ), // the same, extended
        (&[0x0f, 0xc3, 0x07], Dword, 0x5566_7788),          // movnti [rdi], eax
    ] {
        let (mut context, mut bus) = (long(), FakePlatform::default());
        assert_eq!(run(code, &mut context, &mut bus), Ok(Outcome::Done));
        assert_eq!(bus.seen, [Seen::Write(DEVICE, width, value)], "{code:x?}");
        assert_eq!(context.registers.rax, RAX);
    }
}

#[test]
fn arithmetic_reads_and_writes_back() {
    const ZERO: u64 = 1 << 6;
    const CARRY: u64 = 1;
    for (code, device, written, rax, flags) in [
        (&[0x21, 0x07][..], 0xff, Some(0x88), RAX, 0), // and [rdi], eax
        (&[0x0b, 0x07], 0xf, None, 0x5566_778f, 0),    // or eax, [rdi]
        (&[0xf0, 0x81, 0x0f, 0, 1, 0, 0], 1, Some(0x101), RAX, 0), // lock or dword [rdi], 0x100
        (&[0x83, 0x27, 0], 7, Some(0), RAX, ZERO),     // and dword [rdi], 0
        (&[0x31, 0x07], 0x5566_7788, Some(0), RAX, ZERO), // xor [rdi], eax
        (&[0x39, 0x07], 0x5566_7788, None, RAX, ZERO), // cmp [rdi], eax
        (&[0x3b, 0x07], 0x5566_7789, None, RAX, CARRY), // cmp eax, [rdi]
        (&[0x83, 0x3f, 5], 4, None, RAX, CARRY),       // cmp dword [rdi], 5
        (&[0x85, 0x07], 0x7, None, RAX, ZERO),         // test [rdi], eax
        (&[0xf7, 0x07, 8, 0, 0, 0], 8, None, RAX, 0),  // test dword [rdi], 8
        (&[0x83, 0x07, 1], 0xffff_ffff, Some(0), RAX, ZERO | CARRY), // add dword [rdi], 1
        (&[0x2b, 0x07], 0x88, None, 0x5566_7700, 0),   // sub eax, [rdi]
    ] {
        let (mut context, mut bus) = (long(), FakePlatform::answering([device]));
        assert_eq!(run(code, &mut context, &mut bus), Ok(Outcome::Done));
        let mut seen = vec![Seen::Read(DEVICE, Dword)];
        seen.extend(written.map(|value| Seen::Write(DEVICE, Dword, value)));
        assert_eq!(bus.seen, seen, "{code:x?}");
        assert_eq!(context.registers.rax, rax, "{code:x?}");
        assert_eq!(context.rflags & (ZERO | CARRY), flags, "{code:x?}");
    }
}

#[test]
fn an_exchange() {
    let (mut context, mut bus) = (long(), FakePlatform::answering([9]));
    assert_eq!(
        run(&[0x87, 0x1f], &mut context, &mut bus),
        Ok(Outcome::Done)
    ); // xchg [rdi], ebx
    let seen = [
        Seen::Read(DEVICE, Dword),
        Seen::Write(DEVICE, Dword, 0x0506_0708),
    ];
    assert_eq!(
        (bus.seen.as_slice(), context.registers.rbx),
        (seen.as_slice(), 9)
    );
}

#[test]
fn moves_between_memory_and_device() {
    let mut words = memory(&[0xf3, 0xa5]); // rep movsd
    let (mut context, mut bus) = (long(), FakePlatform::answering([1, 2, 3]));
    context.registers.rsi = DEVICE;
    context.registers.rdi = 0x9000;
    context.registers.rcx = 3;
    let done = run_in(&mut words, &mut context, &mut bus, exit(DEVICE));
    assert_eq!(done, Ok(Outcome::Done));
    assert_eq!(words[0x9000 / 8..][..2], [2 << 32 | 1, 3]);
    let registers = context.registers;
    assert_eq!(
        (registers.rsi, registers.rdi, registers.rcx),
        (DEVICE + 12, 0x900c, 0)
    );
    let reads = [DEVICE, DEVICE + 4, DEVICE + 8].map(|at| Seen::Read(at, Dword));
    assert_eq!(bus.seen, reads);

    // And back, downwards.
    context.rip = CODE;
    context.rflags |= 1 << 10;
    context.registers.rsi = 0x9004;
    context.registers.rdi = DEVICE + 4;
    context.registers.rcx = 2;
    bus.seen.clear();
    let done = run_in(&mut words, &mut context, &mut bus, exit(DEVICE + 4));
    assert_eq!(done, Ok(Outcome::Done));
    let writes = [
        Seen::Write(DEVICE + 4, Dword, 2),
        Seen::Write(DEVICE, Dword, 1),
    ];
    assert_eq!(bus.seen, writes);
}

#[test]
fn loads_of_strings() {
    let mut words = memory(&[0x66, 0xad]); // lodsw
    let (mut context, mut bus) = (long(), FakePlatform::answering([0xf1f2]));
    context.registers.rsi = DEVICE;
    let outcome = run_in(&mut words, &mut context, &mut bus, exit(DEVICE));
    assert_eq!(outcome, Ok(Outcome::Done));
    let registers = context.registers;
    assert_eq!(
        (registers.rax, registers.rsi),
        (0x1122_3344_5566_f1f2, DEVICE + 2)
    );
    assert_eq!(bus.seen, [Seen::Read(DEVICE, Word)]);
}

#[test]
fn a_device_is_not_read_for_memory_that_is_not_there() {
    let mut words = memory(&[0xa4]); // movsb
    let (mut context, mut bus) = (long(), FakePlatform::default());
    context.registers.rsi = DEVICE;
    context.registers.rdi = 5 << 30;
    let outcome = run_in(&mut words, &mut context, &mut bus, exit(DEVICE));
    let linear = context.registers.rdi;
    let fault = crate::walk::PageFault { error_code: 2 };
    assert_eq!(outcome, Ok(Outcome::PageFault { linear, fault }));
    assert!(bus.seen.is_empty());
    assert_eq!(context.registers.rsi, DEVICE);
}

#[test]
fn repetitions_come_in_portions() {
    let mut words = memory(&[0xf3, 0xaa]); // rep stosb
    let (mut context, mut bus) = (long(), FakePlatform::default());
    context.registers.rdi = DEVICE;
    context.registers.rcx = u64::MAX;
    let outcome = run_in(&mut words, &mut context, &mut bus, exit(DEVICE));
    assert_eq!(outcome, Ok(Outcome::Again));
    assert_eq!(bus.seen.len() as u64, PORTION);
    let registers = context.registers;
    assert_eq!(
        (registers.rdi, registers.rcx),
        (DEVICE + PORTION, u64::MAX - PORTION)
    );
}

#[test]
fn segments_count_outside_of_64_bit_mode() {
    let mut words = memory(&[0x67, 0x66, 0xab]); // stosd with EDI, in real mode
    let mut context = context(In::Real);
    context.cs_base = CODE - 0x100;
    context.rip = 0x100;
    context.registers.rax = 0x1234;
    context.registers.rdi = 0x20;
    let mut cpu = FakeCpu::default();
    cpu.write(Segment::Es.base(), DEVICE).expect("a field");
    let ram = GuestRam::of(&mut words);
    let mut bus = FakePlatform::default();
    let mut cache = Cache::default();
    let exit = exit(DEVICE + 0x20);
    let decoded = find(&ram, &mut cache, &mut context, exit).expect("known");
    let outcome = execute(&cpu, &ram, &mut bus, &mut context, exit, decoded);
    assert_eq!(outcome, Ok(Outcome::Done));
    assert_eq!(bus.seen, [Seen::Write(DEVICE + 0x20, Dword, 0x1234)]);
}

#[test]
fn code_may_cross_a_page() {
    for split in 1..6 {
        let mut words = memory(&[]);
        let start = 0x9000 - split;
        let ram = GuestRam::of(&mut words);
        ram.write(Gpa(start), &[0xc7, 0x07, 1, 2, 3, 4])
            .expect("inside");
        let (mut context, mut bus) = (long(), FakePlatform::default());
        context.rip = start;
        let outcome = run_in(&mut words, &mut context, &mut bus, exit(DEVICE));
        assert_eq!(outcome, Ok(Outcome::Done));
        assert_eq!(bus.seen, [Seen::Write(DEVICE, Dword, 0x0403_0201)]);
    }
}

#[test]
fn changed_code_is_seen() {
    let mut words = memory(&[0x8b, 0x07]);
    let ram = GuestRam::of(&mut words);
    let mut cache = Cache::default();
    let mut context = long();
    let first = find(&ram, &mut cache, &mut context, exit(DEVICE)).map(|d| d.width);
    assert_eq!(first, Ok(Dword));
    ram.write(Gpa(CODE), &[0x8a, 0x07]).expect("inside");
    let second = find(&ram, &mut cache, &mut context, exit(DEVICE)).map(|d| d.width);
    assert_eq!(second, Ok(Byte));
    let third = find(&ram, &mut cache, &mut context, exit(DEVICE)).map(|d| d.width);
    assert_eq!(third, Ok(Byte), "from the cache");
}

#[test]
fn what_is_not_done_is_told() {
    let not_emulated = "stopped at 0x8000: an instruction on a device that is not emulated: ";
    for code in [
        &[0x0f, 0x28, 0x07][..], // movaps xmm0, [rdi]
        &[0xff, 0x17],           // call [rdi]
        &[0x48, 0x8b, 0x27],     // mov rsp, [rdi]
        &[0x0f, 0x01, 0x17],     // lgdt [rdi]
        &[0xff, 0x07],           // inc dword [rdi]
        &[0x06],                 // no instruction
    ] {
        let mut bus = FakePlatform::default();
        let stop = run(code, &mut long(), &mut bus).expect_err("not emulated");
        assert!(stop.to_string().starts_with(not_emulated), "{stop}");
        assert!(bus.seen.is_empty());
    }
    let mut words = memory(&[0x8b, 0x07]);
    let mut bus = FakePlatform::default();
    let crossing = run_in(&mut words, &mut long(), &mut bus, exit(DEVICE + 0xffe));
    assert!(crossing.is_err_and(|stop| stop.to_string().starts_with(not_emulated)));
    let mut context = long();
    context.rip = 5 << 30;
    let nowhere = run_in(&mut words, &mut context, &mut bus, exit(DEVICE));
    let text = nowhere.map_err(|stop| stop.to_string());
    assert_eq!(
        text,
        Err("stopped at 0x140000000: the instruction cannot be read".into())
    );
}

#[test]
fn devices_are_no_code_and_no_page_tables() {
    let base = exit(DEVICE);
    for exit in [
        EptViolation {
            fetch: true,
            ..base
        },
        EptViolation {
            in_page_walk: true,
            ..base
        },
        EptViolation {
            linear: None,
            ..base
        },
    ] {
        let mut words = memory(&[0x8b, 0x07]);
        let stop = run_in(&mut words, &mut long(), &mut FakePlatform::default(), exit);
        let what = Unsupported::Device(Gpa(DEVICE));
        assert_eq!(stop, Err(Stop::Unsupported { what, rip: CODE }));
    }
}

proptest! {
    /// Whatever the code is, it ends, and takes a bounded number of accesses.
    #[test]
    fn any_code(code: [u8; 16], registers: [u64; 4], rflags: u64, mode in 0..3u8, offset in 0..0x1000u64) {
        let mut words = memory(&code);
        let mode = [In::Long, In::Protected, In::Real][usize::from(mode)];
        let mut context = context(mode);
        context.rip = CODE;
        context.rflags = rflags;
        [
            context.registers.rax,
            context.registers.rcx,
            context.registers.rsi,
            context.registers.rdi,
        ] = registers;
        let mut bus = FakePlatform::default();
        let before = context.rsp;
        let outcome = run_in(&mut words, &mut context, &mut bus, exit(DEVICE + offset));
        prop_assert!(bus.seen.len() as u64 <= 2 * PORTION);
        prop_assert_eq!(context.rsp, before);
        if outcome == Ok(Outcome::Done) {
            prop_assert!((1..=15).contains(&context.instruction_length));
        }
    }
}
