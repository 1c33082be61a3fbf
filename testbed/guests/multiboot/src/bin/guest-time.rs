// SPDX-License-Identifier: BSD-2-Clause
//! Time: the time-stamp counter, the local APIC's timer in its modes, sleep, the clock.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicU64, Ordering};

use bare::apic::{self, DEADLINE, MASKED, PERIODIC, TSC_DEADLINE, register};
use bare::cpu::{self, cpuid, read_msr, tsc, write_msr};
use bare::{Suite, TestResult, check, check_eq, port, skip, suite, trap};

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-time",
    [
        counter_never_goes_back,
        counter_goes_on_in_sleep,
        frequency_is_told,
        one_shot,
        one_shot_is_not_early,
        current_count_goes_down,
        masked_timer_is_silent,
        stopped_timer_is_silent,
        divided,
        periodic,
        periodic_in_sleep,
        deadline,
        deadline_in_the_past,
        deadline_disarmed,
        deadline_in_sleep,
        mode_change_disarms,
        clock_goes_on,
    ]
);

const VECTOR: u8 = 0x62;
static CAME: AtomicU64 = AtomicU64::new(0);
static WHEN: AtomicU64 = AtomicU64::new(0);

fn main() -> ! {
    trap::on_interrupt(VECTOR, |_| {
        WHEN.store(tsc(), Ordering::Relaxed);
        CAME.store(came() + 1, Ordering::Relaxed);
        apic::eoi();
    });
    bare::run(&SUITE)
}

fn came() -> u64 {
    CAME.load(Ordering::Relaxed)
}

/// Sets the timer up, without a count.
fn prepare(mode: u32, divide: u32) {
    cpu::interrupts_off();
    apic::write(register::INITIAL_COUNT, 0);
    apic::write(register::LVT_TIMER, mode | u32::from(VECTOR));
    apic::write(register::DIVIDE, divide);
    CAME.store(0, Ordering::Relaxed);
}

fn quiet() {
    cpu::interrupts_off();
    apic::write(register::LVT_TIMER, MASKED);
    apic::write(register::INITIAL_COUNT, 0);
}

/// Goes on for so many ticks, or until so many interrupts have come.
fn spin(ticks: u64, interrupts: u64) {
    let start = tsc();
    cpu::interrupts_on();
    while tsc() - start < ticks && came() < interrupts {
        core::hint::spin_loop();
    }
    cpu::interrupts_off();
}

/// Ticks of the time-stamp counter that `count` of the timer take.
fn ticks_of(count: u32) -> u64 {
    prepare(0, 0xb);
    let start = tsc();
    apic::write(register::INITIAL_COUNT, count);
    spin(u64::MAX, 1);
    let ticks = WHEN.load(Ordering::Relaxed) - start;
    quiet();
    ticks
}

fn counter_never_goes_back(_: &mut ()) -> TestResult {
    let mut last = tsc();
    for round in 0..20_000 {
        if round % 16 == 0 {
            let _ = cpuid(0, 0);
        }
        let now = tsc();
        check!(now > last, "{now} after {last}");
        last = now;
    }
    Ok(())
}

fn counter_goes_on_in_sleep(_: &mut ()) -> TestResult {
    let awake = ticks_of(1_000_000);
    prepare(0, 0xb);
    let start = tsc();
    apic::write(register::INITIAL_COUNT, 1_000_000);
    cpu::wait_for_interrupt();
    let asleep = tsc() - start;
    quiet();
    check!(asleep > awake / 2, "{asleep} asleep, {awake} awake");
    Ok(())
}

/// SDM vol. 3B 20.7.3.
fn frequency_is_told(_: &mut ()) -> TestResult {
    if cpuid(0, 0).eax < 0x15 || cpuid(0x15, 0).ebx == 0 {
        skip!("not here");
    }
    let leaf = cpuid(0x15, 0);
    check!(leaf.eax != 0 && leaf.ecx != 0);
    let hz = u64::from(leaf.ecx) * u64::from(leaf.ebx) / u64::from(leaf.eax);
    check!((10_000_000..10_000_000_000).contains(&hz), "{hz} Hz");
    Ok(())
}

fn one_shot(_: &mut ()) -> TestResult {
    prepare(0, 0xb);
    apic::write(register::INITIAL_COUNT, 10_000);
    let ticks = ticks_of(10_000);
    prepare(0, 0xb);
    apic::write(register::INITIAL_COUNT, 10_000);
    spin(ticks * 5, 2);
    check_eq!(came(), 1);
    check_eq!(apic::read(register::CURRENT_COUNT), 0);
    quiet();
    Ok(())
}

/// Twice the count is twice the time, within a quarter: no timer is early by much, or late.
fn one_shot_is_not_early(_: &mut ()) -> TestResult {
    let (short, long) = (ticks_of(1_000_000), ticks_of(2_000_000));
    check!(
        (short * 7 / 4..short * 9 / 4).contains(&long),
        "{short} for 1, {long} for 2"
    );
    Ok(())
}

fn current_count_goes_down(_: &mut ()) -> TestResult {
    prepare(MASKED, 0xb);
    apic::write(register::INITIAL_COUNT, u32::MAX);
    let mut last = apic::read(register::CURRENT_COUNT);
    for _ in 0..100 {
        spin(10_000, 1);
        let now = apic::read(register::CURRENT_COUNT);
        check!(now < last, "{now} after {last}");
        last = now;
    }
    quiet();
    check_eq!(apic::read(register::CURRENT_COUNT), 0, "stopped");
    Ok(())
}

fn masked_timer_is_silent(_: &mut ()) -> TestResult {
    let ticks = ticks_of(10_000);
    prepare(MASKED, 0xb);
    apic::write(register::INITIAL_COUNT, 10_000);
    spin(ticks * 4, 1);
    check_eq!((came(), apic::read(register::CURRENT_COUNT)), (0, 0));
    quiet();
    Ok(())
}

fn stopped_timer_is_silent(_: &mut ()) -> TestResult {
    let ticks = ticks_of(100_000);
    prepare(0, 0xb);
    apic::write(register::INITIAL_COUNT, 100_000);
    apic::write(register::INITIAL_COUNT, 0);
    spin(ticks * 2, 1);
    check_eq!(came(), 0);
    quiet();
    Ok(())
}

fn divided(_: &mut ()) -> TestResult {
    let whole = ticks_of(1_600_000);
    // By 16.
    prepare(0, 0x3);
    let start = tsc();
    apic::write(register::INITIAL_COUNT, 100_000);
    spin(u64::MAX, 1);
    let divided = WHEN.load(Ordering::Relaxed) - start;
    quiet();
    check!(
        (whole * 3 / 4..whole * 5 / 4).contains(&divided),
        "{whole} whole, {divided} divided"
    );
    Ok(())
}

/// `wait` waits for an interrupt.
fn periods(wait: fn()) -> TestResult {
    let period = ticks_of(500_000);
    prepare(PERIODIC, 0xb);
    let start = tsc();
    apic::write(register::INITIAL_COUNT, 500_000);
    while came() < 20 {
        wait();
    }
    let all = WHEN.load(Ordering::Relaxed) - start;
    quiet();
    check!(
        (period * 15..period * 25).contains(&all),
        "20 times {period} took {all}"
    );
    Ok(())
}

fn periodic(_: &mut ()) -> TestResult {
    periods(|| spin(u64::MAX, came() + 1))
}

fn periodic_in_sleep(_: &mut ()) -> TestResult {
    periods(cpu::wait_for_interrupt)
}

fn has_deadline() -> bool {
    cpuid(1, 0).ecx & 1 << 24 != 0
}

macro_rules! need_deadline {
    () => {
        if !has_deadline() {
            skip!("no TSC deadline");
        }
    };
}

/// A deadline `after` ticks from now. Returns how much later the interrupt came.
fn lateness(after: u64, wait: fn()) -> Result<u64, bare::Failure> {
    prepare(TSC_DEADLINE, 0xb);
    let end = tsc() + after;
    write_msr(DEADLINE, end)?;
    check_eq!(read_msr(DEADLINE)?, end, "armed");
    while came() == 0 {
        wait();
    }
    check_eq!(read_msr(DEADLINE)?, 0, "disarmed");
    let when = WHEN.load(Ordering::Relaxed);
    check!(when >= end, "{} ticks early", end - when);
    quiet();
    Ok(when - end)
}

fn deadline(_: &mut ()) -> TestResult {
    need_deadline!();
    for _ in 0..10 {
        let late = lateness(300_000, || spin(u64::MAX, 1))?;
        check!(late < 100_000, "{late} ticks late");
    }
    Ok(())
}

fn deadline_in_the_past(_: &mut ()) -> TestResult {
    need_deadline!();
    prepare(TSC_DEADLINE, 0xb);
    write_msr(DEADLINE, 1)?;
    spin(1_000_000, 1);
    check_eq!((came(), read_msr(DEADLINE)?), (1, 0));
    quiet();
    Ok(())
}

fn deadline_disarmed(_: &mut ()) -> TestResult {
    need_deadline!();
    prepare(TSC_DEADLINE, 0xb);
    write_msr(DEADLINE, tsc() + 200_000)?;
    write_msr(DEADLINE, 0)?;
    spin(500_000, 1);
    check_eq!(came(), 0);
    quiet();
    Ok(())
}

/// Sleep ends on time: 100,000 ticks are a millisecond of the slowest machine that there is. Now and
/// then it is late, where others use the processor.
fn deadline_in_sleep(_: &mut ()) -> TestResult {
    need_deadline!();
    let mut late = [0; 11];
    for round in &mut late {
        *round = lateness(1_000_000, cpu::wait_for_interrupt)?;
    }
    late.sort_unstable();
    check!(late[5] < 100_000, "in the middle {} ticks late", late[5]);
    Ok(())
}

/// SDM vol. 3A 12.5.4.1.
fn mode_change_disarms(_: &mut ()) -> TestResult {
    need_deadline!();
    prepare(TSC_DEADLINE, 0xb);
    write_msr(DEADLINE, tsc() + 1_000_000)?;
    apic::write(register::LVT_TIMER, u32::from(VECTOR));
    apic::write(register::LVT_TIMER, TSC_DEADLINE | u32::from(VECTOR));
    check_eq!(read_msr(DEADLINE)?, 0);
    apic::write(register::INITIAL_COUNT, 5);
    check_eq!(
        apic::read(register::CURRENT_COUNT),
        0,
        "no counts in this mode"
    );
    quiet();
    Ok(())
}

fn clock_goes_on(_: &mut ()) -> TestResult {
    let second = || {
        port::write8(0x70, 0);
        port::read8(0x71)
    };
    let next = || {
        let before = second();
        while second() == before {
            // Asleep, so that nobody emulates a billion instructions.
            prepare(0, 0xb);
            apic::write(register::INITIAL_COUNT, 1_000_000);
            cpu::wait_for_interrupt();
        }
        quiet();
        tsc()
    };
    let first = next();
    let ticks = next() - first;
    let again = next() - first - ticks;
    check!(
        (ticks * 9 / 10..=ticks * 11 / 10).contains(&again),
        "a second of {ticks}, one of {again} ticks"
    );
    if cpuid(0, 0).eax >= 0x15 && cpuid(0x15, 0).ebx != 0 {
        let leaf = cpuid(0x15, 0);
        let hz = u64::from(leaf.ecx) * u64::from(leaf.ebx) / u64::from(leaf.eax);
        check!(
            (hz * 9 / 10..hz * 11 / 10).contains(&ticks),
            "{hz} Hz, and a second of {ticks}"
        );
    }
    Ok(())
}
