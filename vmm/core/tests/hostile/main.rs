// SPDX-License-Identifier: BSD-2-Clause
//! A guest that does anything: any instruction bytes at any address by any page tables, any registers,
//! any exit with any information, and devices that answer anything. The monitor must come back from
//! each exit, after a bounded number of accesses, either to enter the guest or with the reason why not.

mod world;

use proptest::prelude::*;
use sel4_vcpu::{Context, Registers, reason};
use vmm_base::GuestRam;
use vmm_core::{Cpuid, Machine};
use zerocopy::FromBytes;

use world::{AnyCpu, AnyPlatform, Numbers};

/// The guest's memory in words.
const WORDS: usize = 0x4000 / 8;

/// At most this many accesses to devices for one exit: a portion of a string instruction, each element
/// read and written, each in up to eight pieces.
const BOUND: u64 = 64 * 16;

/// Exits that the CPU can make, and some that it cannot.
const REASONS: [u32; 26] = [
    reason::EXCEPTION_OR_NMI,
    reason::INTERRUPT_WINDOW,
    reason::NMI_WINDOW,
    reason::TASK_SWITCH,
    reason::CPUID,
    reason::HLT,
    reason::INVD,
    reason::RDPMC,
    reason::VMCALL,
    reason::CONTROL_REGISTER,
    reason::DEBUG_REGISTER,
    reason::IO,
    reason::IO,
    reason::RDMSR,
    reason::WRMSR,
    reason::INVALID_GUEST_STATE,
    reason::MONITOR,
    reason::TPR_BELOW_THRESHOLD,
    reason::APIC_ACCESS,
    reason::VIRTUALIZED_EOI,
    reason::APIC_WRITE,
    reason::EPT_VIOLATION,
    reason::EPT_VIOLATION,
    reason::EPT_VIOLATION,
    reason::PREEMPTION_TIMER,
    reason::XSETBV,
];

/// First bytes of instructions that access memory; the rest is anything.
const OPCODES: [&[u8]; 20] = [
    &[0x8b],
    &[0x89],
    &[0x8a],
    &[0x88],
    &[0xc6],
    &[0xc7],
    &[0xa0],
    &[0xa3],
    &[0x0f, 0xb6],
    &[0x0f, 0xbf],
    &[0x80],
    &[0x81],
    &[0x83],
    &[0xf6],
    &[0xf7],
    &[0x87],
    &[0xa4],
    &[0xf3, 0xa5],
    &[0xf3, 0xab],
    &[0x48, 0x8b],
];

/// One exit: what stands in the context.
#[derive(Debug, Clone)]
struct Step {
    words: Vec<u64>,
    reason: u32,
    opcode: usize,
    prefix: Option<u8>,
    long: bool,
    paging: bool,
}

fn step() -> impl Strategy<Value = Step> {
    let word = prop_oneof![
        any::<u64>(),
        0..WORDS as u64 * 8,
        0xfee0_0000_u64..0xfee0_1000,
        Just(0),
        Just(u64::MAX)
    ];
    (
        prop::collection::vec(word, 35),
        prop_oneof![8 => prop::sample::select(&REASONS[..]), 1 => any::<u32>()],
        0..OPCODES.len(),
        prop::option::of(prop_oneof![
            Just(0x66),
            Just(0x67),
            0x40_u8..0x50,
            Just(0x65),
            any::<u8>()
        ]),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(words, reason, opcode, prefix, long, paging)| Step {
            words,
            reason,
            opcode,
            prefix,
            long,
            paging,
        })
}

/// The context of an exit, and the instruction at its RIP.
fn context(step: &Step, ram: &GuestRam<'_>) -> Context {
    let bytes: Vec<u8> = step
        .words
        .iter()
        .flat_map(|word| word.to_le_bytes())
        .collect();
    let mut context = Context::read_from_bytes(&bytes).expect("35 words");
    context.reason = step.reason.into();
    context.rflags |= 2;
    (context.cr0, context.cr4, context.efer) = match (step.long, step.paging) {
        (true, _) => (0x8000_0021, 0x620, 0x500),
        (false, true) => (0x8000_0021, context.cr4, 0),
        (false, false) => (0x21, context.cr4, 0),
    };
    context.rip &= WORDS as u64 * 8 - 1;
    let instruction = step
        .prefix
        .into_iter()
        .chain(OPCODES[step.opcode].iter().copied());
    for (at, byte) in (context.rip..).zip(instruction) {
        // At the end of memory there is only a part of it.
        let _ = ram.write(vmm_base::Gpa(at), &[byte]);
    }
    context
}

/// Memory of anything, in which page tables lead somewhere now and then: many words are entries that
/// point back into it.
fn memory(seed: u64) -> Vec<u64> {
    let numbers = Numbers::new(seed);
    let word = |_| match numbers.next() {
        random if random.is_multiple_of(3) => random,
        random => random & (WORDS as u64 * 8 - 1) & !0xfff | random >> 40 & 0xfff | 1,
    };
    (0..WORDS).map(word).collect()
}

proptest! {
    #[test]
    fn any_exit_comes_to_an_end(steps in prop::collection::vec(step(), 1..40), seed: u64) {
        let mut words = memory(seed);
        let ram = GuestRam::of(&mut words);
        let numbers = Numbers::new(seed.rotate_left(32));
        let cpu = AnyCpu { numbers: numbers.clone(), fields: Default::default() };
        let platform = AnyPlatform { numbers: numbers.clone(), asked: 0 };
        let host = |leaf: u32, _| [leaf, !leaf, u32::MAX, 0x1234_5678];
        let mut machine = Machine::new(cpu, ram, Cpuid::new(host, 1_000_000_000), platform);
        for step in &steps {
            let mut context = context(step, &ram);
            let before = machine.platform().asked;
            let _ = machine.exit(&mut context);
            let asked = machine.platform().asked - before;
            prop_assert!(asked <= BOUND, "{asked} accesses for one exit");
            let _ = machine.notified(&mut context);
        }
    }

    /// An instruction that is emulated ends behind itself or not at all, and leaves what it has
    /// nothing to do with.
    #[test]
    fn an_instruction_leaves_other_registers(step in step(), seed: u64) {
        let mut words = memory(seed);
        let ram = GuestRam::of(&mut words);
        let numbers = Numbers::new(seed);
        let cpu = AnyCpu { numbers: numbers.clone(), fields: Default::default() };
        let platform = AnyPlatform { numbers, asked: 0 };
        let mut machine = Machine::new(cpu, ram, Cpuid::new(|_, _| [0; 4], 1), platform);
        let step = Step { reason: reason::CPUID, ..step };
        let mut context = context(&step, &ram);
        context.vectoring = Default::default();
        let before = context.clone();
        let answer = machine.exit(&mut context);
        prop_assert!(answer.is_ok());
        prop_assert_eq!(context.rip, before.rip.wrapping_add(before.instruction_length));
        let ours = |registers: Registers| Registers { rax: 0, rbx: 0, rcx: 0, rdx: 0, ..registers };
        prop_assert_eq!(ours(context.registers), ours(before.registers));
    }
}
