// SPDX-License-Identifier: BSD-2-Clause
//! The local APIC by its registers of the CPU (SDM vol. 3A 12.12).
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use bare::apic::{self, APIC_BASE, DEADLINE, MASKED, PERIODIC, TSC_DEADLINE, register};
use bare::cpu::{self, cpuid, read_msr, tsc, write_msr};
use bare::trap::on_interrupt;
use bare::{Failure, Suite, TestResult, check, check_eq, skip, suite};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-x2apic",
    [
        begins_as_xapic,
        takes_over_what_the_xapic_had,
        has_no_way_back,
        identity,
        what_can_be_read,
        what_can_be_written,
        reserved_bits,
        interrupts_itself,
        by_every_destination,
        nobody_else_is_there,
        end_of_interrupt_takes_zero,
        task_priority,
        storm,
        storm_with_interrupts_off,
        reserved_vectors,
        one_shot,
        periodic,
        deadline,
        off_and_on,
    ]
);

const ENABLED: u64 = 1 << 11;
const EXTENDED: u64 = 1 << 10;
const VECTOR: u8 = 0x62;
const GENERAL_PROTECTION: u8 = 13;

const SPURIOUS: u32 = msr(register::SPURIOUS);
const COMMAND: u32 = msr(register::ICR_LOW);
const LVT_TIMER: u32 = msr(register::LVT_TIMER);
const INITIAL_COUNT: u32 = msr(register::INITIAL_COUNT);
const ERRORS: u32 = msr(register::ESR);
const END: u32 = msr(register::EOI);
const SELF: u32 = 0x83f;

/// The MSR of the register at this offset in the page.
const fn msr(offset: usize) -> u32 {
    0x800 + offset as u32 / 16
}

static CAME: AtomicU64 = AtomicU64::new(0);

fn main() -> ! {
    on_interrupt(VECTOR, |_| {
        CAME.store(came() + 1, Ordering::Relaxed);
        let _ = write_msr(END, 0);
    });
    bare::run(&SUITE)
}

fn came() -> u64 {
    CAME.load(Ordering::Relaxed)
}

/// The x2APIC, on, with nothing waiting.
fn prepare() -> TestResult {
    if cpuid(1, 0).ecx & 1 << 21 == 0 {
        skip!("no x2APIC");
    }
    cpu::interrupts_off();
    if read_msr(APIC_BASE)? & EXTENDED == 0 {
        write_msr(APIC_BASE, read_msr(APIC_BASE)? | EXTENDED)?;
    }
    write_msr(SPURIOUS, 0x1ff)?;
    write_msr(LVT_TIMER, u64::from(MASKED))?;
    write_msr(INITIAL_COUNT, 0)?;
    write_msr(msr(register::DIVIDE), 0xb)?;
    write_msr(msr(register::TPR), 0)?;
    CAME.store(0, Ordering::Relaxed);
    Ok(())
}

/// With interrupts on until so many have come, or a long time has passed.
fn wait(interrupts: u64) -> u64 {
    let start = tsc();
    cpu::interrupts_on();
    while came() < interrupts && tsc() - start < 50_000_000 {
        core::hint::spin_loop();
    }
    cpu::interrupts_off();
    came()
}

fn refused<T>(result: Result<T, bare::trap::Trap>) -> bool {
    result.is_err_and(|trap| trap.vector == GENERAL_PROTECTION && trap.error == 0)
}

fn begins_as_xapic(_: &mut ()) -> TestResult {
    let base = read_msr(APIC_BASE)?;
    check_eq!(base & !(1 << 8), apic::BASE as u64 | ENABLED);
    check!(
        refused(read_msr(msr(register::ID))),
        "a register of the x2APIC"
    );
    check!(refused(write_msr(END, 0)));
    Ok(())
}

fn takes_over_what_the_xapic_had(_: &mut ()) -> TestResult {
    if read_msr(APIC_BASE)? & EXTENDED != 0 {
        skip!("it is on already");
    }
    apic::write(register::SPURIOUS, 0x1fe);
    apic::write(register::LVT_LINT1, 0x1_0400);
    apic::write(register::TPR, 0x20);
    prepare_mode()?;
    let registers = [SPURIOUS, msr(register::LVT_LINT1), msr(register::TPR)];
    for (index, expected) in registers.into_iter().zip([0x1fe, 0x1_0400, 0x20]) {
        check_eq!(read_msr(index)?, expected, "{index:#x}");
    }
    Ok(())
}

fn prepare_mode() -> TestResult {
    if cpuid(1, 0).ecx & 1 << 21 == 0 {
        skip!("no x2APIC");
    }
    write_msr(APIC_BASE, read_msr(APIC_BASE)? | EXTENDED)?;
    Ok(())
}

fn has_no_way_back(_: &mut ()) -> TestResult {
    prepare()?;
    let base = read_msr(APIC_BASE)?;
    check!(
        refused(write_msr(APIC_BASE, base & !EXTENDED)),
        "to the xAPIC"
    );
    check!(
        refused(write_msr(APIC_BASE, base & !ENABLED)),
        "off, but extended"
    );
    check!(refused(write_msr(APIC_BASE, base | 1)), "a reserved bit");
    check_eq!(read_msr(APIC_BASE)?, base);
    Ok(())
}

fn identity(_: &mut ()) -> TestResult {
    prepare()?;
    let id = read_msr(msr(register::ID))?;
    check_eq!(id, u64::from(cpuid(1, 0).ebx >> 24));
    check_eq!(
        read_msr(msr(register::LDR))?,
        id >> 4 << 16 | 1 << (id & 15)
    );
    check!(read_msr(msr(register::VERSION))? & 0xf0 == 0x10);
    Ok(())
}

fn what_can_be_read(_: &mut ()) -> TestResult {
    prepare()?;
    if cpu::is_tcg() {
        skip!("QEMU reads zeros");
    }
    for index in 0x800..0x900 {
        let readable = match index {
            0x802 | 0x803 | 0x808 | 0x80a | 0x80d | 0x80f | 0x830 | 0x83e => true,
            0x810..=0x828 | 0x832..=0x839 => true,
            // Of newer CPUs only.
            0x82f => continue,
            _ => false,
        };
        check_eq!(read_msr(index).is_ok(), readable, "{index:#x}");
    }
    Ok(())
}

fn what_can_be_written(_: &mut ()) -> TestResult {
    prepare()?;
    if cpu::is_tcg() {
        skip!("QEMU takes every write");
    }
    for index in 0x800..0x900 {
        let writable = match index {
            0x808 | 0x80b | 0x80f | 0x828 | 0x832..=0x838 | 0x83e => true,
            // They send interrupts.
            0x830 | 0x83f => continue,
            0x82f => continue,
            _ => false,
        };
        // Nothing that makes it send anything.
        let value = if (0x832..=0x837).contains(&index) {
            u64::from(MASKED)
        } else {
            0
        };
        check_eq!(write_msr(index, value).is_ok(), writable, "{index:#x}");
    }
    Ok(())
}

fn reserved_bits(_: &mut ()) -> TestResult {
    prepare()?;
    if cpu::is_tcg() {
        skip!("QEMU takes every bit");
    }
    for (index, bit) in [
        (msr(register::TPR), 8),
        (SPURIOUS, 32),
        (LVT_TIMER, 8),
        (LVT_TIMER, 19),
        (msr(register::LVT_LINT0), 11),
        (INITIAL_COUNT, 32),
        (msr(register::DIVIDE), 2),
        (COMMAND, 20),
        (SELF, 8),
    ] {
        check!(refused(write_msr(index, 1 << bit)), "{index:#x} bit {bit}");
    }
    Ok(())
}

fn interrupts_itself(_: &mut ()) -> TestResult {
    prepare()?;
    write_msr(SELF, u64::from(VECTOR))?;
    let waiting = read_msr(msr(register::IRR) + u32::from(VECTOR / 32))?;
    check_eq!((waiting, came()), (1 << (VECTOR % 32), 0));
    check_eq!(wait(1), 1);
    check_eq!(read_msr(msr(register::IRR) + u32::from(VECTOR / 32))?, 0);
    check_eq!(read_msr(msr(register::ISR) + u32::from(VECTOR / 32))?, 0);
    Ok(())
}

fn by_every_destination(_: &mut ()) -> TestResult {
    prepare()?;
    let id = read_msr(msr(register::ID))?;
    let logical = read_msr(msr(register::LDR))?;
    let commands = [
        1 << 18,                 // itself
        2 << 18,                 // all with itself
        id << 32,                // by its id
        logical << 32 | 1 << 11, // by its logical id
        0xffff_ffff << 32,       // all
    ];
    for (sent, command) in (1..).zip(commands) {
        write_msr(COMMAND, command | u64::from(VECTOR))?;
        check_eq!(wait(sent), sent, "{command:#x}");
    }
    Ok(())
}

fn nobody_else_is_there(_: &mut ()) -> TestResult {
    prepare()?;
    if cpuid(1, 0).ebx >> 16 & 0xff > 1 {
        skip!("more than one CPU");
    }
    write_msr(COMMAND, 3 << 18 | u64::from(VECTOR))?;
    write_msr(COMMAND, 0xee << 32 | u64::from(VECTOR))?;
    cpu::interrupts_on();
    cpu::interrupts_off();
    check_eq!(came(), 0);
    Ok(())
}

fn end_of_interrupt_takes_zero(_: &mut ()) -> TestResult {
    prepare()?;
    if cpu::is_tcg() {
        skip!("QEMU takes every value");
    }
    check!(refused(write_msr(END, 1)));
    check!(refused(write_msr(ERRORS, 1)));
    Ok(())
}

fn task_priority(_: &mut ()) -> TestResult {
    prepare()?;
    write_msr(msr(register::TPR), 0x60)?;
    write_msr(SELF, u64::from(VECTOR))?;
    cpu::interrupts_on();
    let held = came();
    write_msr(msr(register::TPR), 0x5f)?;
    cpu::interrupts_off();
    check_eq!((held, came()), (0, 1));
    Ok(())
}

fn storm(_: &mut ()) -> TestResult {
    const COUNT: u64 = 20_000;
    prepare()?;
    cpu::interrupts_on();
    for sent in 1..=COUNT {
        write_msr(SELF, u64::from(VECTOR))?;
        while came() < sent {
            core::hint::spin_loop();
        }
    }
    cpu::interrupts_off();
    check_eq!(came(), COUNT);
    Ok(())
}

/// What waits is one, and comes as soon as it may.
fn storm_with_interrupts_off(_: &mut ()) -> TestResult {
    prepare()?;
    for round in 1..=500 {
        for _ in 0..10 {
            write_msr(SELF, u64::from(VECTOR))?;
        }
        cpu::interrupts_on();
        cpu::interrupts_off();
        check_eq!(came(), round);
    }
    Ok(())
}

fn reserved_vectors(_: &mut ()) -> TestResult {
    prepare()?;
    if cpu::is_tcg() {
        skip!("QEMU does not look");
    }
    write_msr(ERRORS, 0)?;
    write_msr(SELF, 15)?;
    write_msr(ERRORS, 0)?;
    check_eq!(read_msr(ERRORS)?, 1 << 5);
    write_msr(ERRORS, 0)?;
    check_eq!(read_msr(ERRORS)?, 0);
    Ok(())
}

fn one_shot(_: &mut ()) -> TestResult {
    prepare()?;
    write_msr(LVT_TIMER, u64::from(VECTOR))?;
    write_msr(INITIAL_COUNT, 100_000)?;
    check!(read_msr(msr(register::CURRENT_COUNT))? > 0);
    check_eq!(wait(1), 1);
    check_eq!(read_msr(msr(register::CURRENT_COUNT))?, 0);
    check_eq!(read_msr(INITIAL_COUNT)?, 100_000);
    Ok(())
}

fn periodic(_: &mut ()) -> TestResult {
    prepare()?;
    write_msr(LVT_TIMER, u64::from(VECTOR) | u64::from(PERIODIC))?;
    write_msr(INITIAL_COUNT, 100_000)?;
    let all = wait(20);
    write_msr(INITIAL_COUNT, 0)?;
    check!(all >= 20, "{all}");
    Ok(())
}

fn deadline(_: &mut ()) -> TestResult {
    prepare()?;
    if cpuid(1, 0).ecx & 1 << 24 == 0 {
        skip!("no TSC deadline");
    }
    write_msr(LVT_TIMER, u64::from(VECTOR) | u64::from(TSC_DEADLINE))?;
    for round in 1..=10 {
        let end = tsc() + 200_000;
        write_msr(DEADLINE, end)?;
        while came() < round {
            cpu::wait_for_interrupt();
        }
        check!(tsc() >= end, "early");
    }
    Ok(())
}

/// Switched off it forgets everything; then it is an xAPIC.
fn off_and_on(_: &mut ()) -> TestResult {
    prepare()?;
    if cpu::is_tcg() {
        skip!("QEMU keeps everything");
    }
    write_msr(msr(register::TPR), 0x60)?;
    write_msr(SELF, u64::from(VECTOR))?;
    let base = read_msr(APIC_BASE)?;
    write_msr(APIC_BASE, base & !(ENABLED | EXTENDED))?;
    let directly = write_msr(APIC_BASE, base);
    write_msr(APIC_BASE, base & !EXTENDED)?;
    let found = state();
    apic::write(register::SPURIOUS, 0x1ff);
    cpu::interrupts_on();
    cpu::interrupts_off();
    check!(refused(directly), "to the x2APIC at once");
    check_eq!(found, [0, 0xff, MASKED, 0]);
    check_eq!(came(), 0);
    interrupts_itself_by_the_page()
}

fn state() -> [u32; 4] {
    [
        register::TPR,
        register::SPURIOUS,
        register::LVT_TIMER,
        register::IRR + usize::from(VECTOR / 32) * 16,
    ]
    .map(apic::read)
}

fn interrupts_itself_by_the_page() -> Result<(), Failure> {
    on_interrupt(VECTOR, |_| {
        CAME.store(came() + 1, Ordering::Relaxed);
        apic::eoi();
    });
    apic::send_to_self(VECTOR);
    check_eq!(wait(1), 1);
    Ok(())
}
