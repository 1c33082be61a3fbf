// SPDX-License-Identifier: BSD-2-Clause
//! The clock (MC146818 data sheet), with its interrupt at pin 8 of the I/O APIC (82093AA §3.2): who
//! waits for it sleeps.

use core::sync::atomic::{AtomicU8, Ordering};

use bare::trap::{Frame, on_interrupt};
use bare::{TestResult, apic, check, check_eq, cpu, port};

const IO_APIC: usize = 0xfec0_0000;
const PIN: u32 = 8;
const VECTOR: u8 = 0x58;
const MASKED: u32 = 1 << 16;

const SECONDS: u8 = 0;
const SECONDS_ALARM: u8 = 1;
const MINUTES: u8 = 2;
const MINUTES_ALARM: u8 = 3;
const HOURS: u8 = 4;
const HOURS_ALARM: u8 = 5;
const DAY: u8 = 7;
const MONTH: u8 = 8;
const YEAR: u8 = 9;
const A: u8 = 10;
const B: u8 = 11;
const C: u8 = 12;
const D: u8 = 13;

const IN_PROGRESS: u8 = 1 << 7;
const BINARY: u8 = 1 << 2;
const HOURS_24: u8 = 1 << 1;
const SET: u8 = 1 << 7;
/// Flags of register C, and their enables in register B.
const UPDATE: u8 = 1 << 4;
const ALARM: u8 = 1 << 5;
const PERIODIC: u8 = 1 << 6;
const INTERRUPT: u8 = 1 << 7;

fn read(index: u8) -> u8 {
    port::write8(0x70, index);
    port::read8(0x71)
}

fn write(index: u8, value: u8) {
    port::write8(0x70, index);
    port::write8(0x71, value);
}

/// What register C has shown since the last wait began.
static FLAGS: AtomicU8 = AtomicU8::new(0);

fn handler(_: &mut Frame) {
    FLAGS.store(FLAGS.load(Ordering::Relaxed) | read(C), Ordering::Relaxed);
    apic::eoi();
}

/// Lets the interrupt through to this CPU, or not.
fn route(masked: u32) {
    let id = apic::read(apic::register::ID);
    for (register, value) in [(0x11, id), (0x10, u32::from(VECTOR) | masked)] {
        // SAFETY: it is mapped, and nothing but the I/O APIC.
        unsafe {
            core::ptr::write_volatile(IO_APIC as *mut u32, register + 2 * PIN);
            core::ptr::write_volatile((IO_APIC + 0x10) as *mut u32, value);
        }
    }
}

/// Sleeps until this event, of those in register B, and returns all flags that register C has shown
/// by then. What happened before does not count.
fn wait(event: u8) -> u8 {
    on_interrupt(VECTOR, handler);
    cpu::interrupts_off();
    route(0);
    let control = read(B);
    read(C);
    FLAGS.store(0, Ordering::Relaxed);
    write(B, control | event);
    while FLAGS.load(Ordering::Relaxed) & event == 0 {
        cpu::wait_for_interrupt();
    }
    write(B, control);
    route(MASKED);
    FLAGS.load(Ordering::Relaxed)
}

/// The time, read between two updates.
fn time() -> [u8; 6] {
    loop {
        let registers = || [SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR].map(read);
        while read(A) & IN_PROGRESS != 0 {}
        let first = registers();
        while read(A) & IN_PROGRESS != 0 {}
        if first == registers() {
            return first;
        }
    }
}

pub fn clock_shows_a_date(_: &mut ()) -> TestResult {
    write(B, HOURS_24);
    let [seconds, minutes, hours, day, month, year] = time();
    let decimal = |value: u8, range: core::ops::RangeInclusive<u8>| {
        value & 0xf <= 9 && range.contains(&value)
    };
    check!(decimal(seconds, 0..=0x59) && decimal(minutes, 0..=0x59));
    check!(decimal(hours, 0..=0x23) && decimal(day, 1..=0x31));
    check!(
        decimal(month, 1..=0x12) && decimal(year, 0x20..=0x99),
        "{year:#x}"
    );
    check_eq!(read(D) & 0x80, 0x80, "the battery");
    Ok(())
}

pub fn clock_goes_on(_: &mut ()) -> TestResult {
    write(B, HOURS_24);
    wait(UPDATE);
    let before = read(SECONDS);
    wait(UPDATE);
    let after = read(SECONDS);
    let next = match before {
        0x59 => 0,
        value if value & 0xf == 9 => value + 7,
        value => value + 1,
    };
    check_eq!(after, next, "after {before:#x}");
    Ok(())
}

/// A flag that is enabled sets the highest bit of register C; reading clears all.
pub fn clock_updates_interrupt(_: &mut ()) -> TestResult {
    write(B, HOURS_24);
    let flags = wait(UPDATE);
    let again = read(C);
    check_eq!(flags & (INTERRUPT | UPDATE), INTERRUPT | UPDATE);
    check_eq!(again & (INTERRUPT | UPDATE), 0);
    Ok(())
}

/// 64 periods at 64 Hz are a second. A machine that is late may let some of them fall together.
pub fn clock_periodic_interrupt(_: &mut ()) -> TestResult {
    let a = read(A) & 0x7f;
    write(A, a & 0xf0 | 10);
    write(B, HOURS_24);
    wait(UPDATE);
    let start = cpu::tsc();
    for _ in 0..16 {
        wait(PERIODIC);
    }
    let quarter = cpu::tsc() - start;
    wait(UPDATE);
    let whole = cpu::tsc() - start;
    write(A, a);
    let share = 100 * quarter / whole;
    check!(
        (15..=60).contains(&share),
        "16 of 64 periods took {share} % of a second"
    );
    Ok(())
}

pub fn clock_alarm(_: &mut ()) -> TestResult {
    let alarms = [SECONDS_ALARM, MINUTES_ALARM, HOURS_ALARM];
    let before = alarms.map(read);
    write(B, HOURS_24);
    for alarm in alarms {
        write(alarm, 0xff);
    }
    let each_second = wait(ALARM);
    // At no time of a day.
    write(SECONDS_ALARM, 0x7a);
    let never = wait(UPDATE);
    for (alarm, value) in alarms.into_iter().zip(before) {
        write(alarm, value);
    }
    check_eq!(each_second & (INTERRUPT | ALARM), INTERRUPT | ALARM);
    check_eq!(never & ALARM, 0);
    Ok(())
}

pub fn clock_notations(_: &mut ()) -> TestResult {
    write(B, HOURS_24);
    wait(UPDATE);
    let decimal = [MINUTES, DAY, MONTH, YEAR].map(read);
    write(B, HOURS_24 | BINARY);
    let binary = [MINUTES, DAY, MONTH, YEAR].map(read);
    write(B, HOURS_24);
    check_eq!(
        decimal.map(|value| (value >> 4) * 10 + (value & 0xf)),
        binary
    );
    Ok(())
}

pub fn clock_can_be_set(_: &mut ()) -> TestResult {
    let wanted = [0x58, 0x59, 0x23, 0x31, 0x12, 0x26];
    write(B, HOURS_24 | SET);
    for (index, value) in [SECONDS, MINUTES, HOURS, DAY, MONTH, YEAR]
        .into_iter()
        .zip(wanted)
    {
        write(index, value);
    }
    write(B, HOURS_24);
    for _ in 0..2 {
        wait(UPDATE);
    }
    let later = time();
    check_eq!(later[1..], [0, 0, 1, 1, 0x27]);
    check!(later[0] <= 1, "{:#x} seconds", later[0]);
    Ok(())
}

pub fn clock_memory(_: &mut ()) -> TestResult {
    for index in [0x40, 0x7f] {
        let before = read(index);
        write(index, 0x5a);
        write(0x3f, read(0x3f));
        let after = read(index);
        write(index, before);
        check_eq!(after, 0x5a, "cell {index:#x}");
    }
    Ok(())
}
