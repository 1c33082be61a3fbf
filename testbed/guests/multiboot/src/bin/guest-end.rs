// SPDX-License-Identifier: BSD-2-Clause
//! Ends as the command line says, or never does, or does what is forbidden. It says what it is
//! about to do, and, where it lives on, what came of it.
#![no_std]
#![no_main]

use core::arch::asm;

use bare::acpi::Table;
use bare::apic::{self, PERIODIC, register};
use bare::{command_line, cpu, port, serial, trap};

bare::guest!(main);

const VECTOR: u8 = 0x70;

fn main() -> ! {
    let word = command_line()
        .split_ascii_whitespace()
        .last()
        .unwrap_or_default();
    serial::line(format_args!("guest-end: {word}"));
    match word {
        "power-off" => power_off(),
        "reset" => reset(),
        "debug-exit" => bare::exit(0x21),
        "triple-fault" => triple_fault(),
        "hang" => hang(),
        "halt" => cpu::halt_for_ever(),
        "halt-with-interrupt" => halt_with_interrupt(),
        "jump-into-nothing" => jump(0xfed8_0000),
        "tables-in-nothing" => tables_in_nothing(),
        "flood-exits" => flood(|| {
            let _ = cpu::cpuid(0, 0);
        }),
        "flood-console" => flood(|| serial::print("flood flood flood flood flood flood flood\n")),
        "flood-interrupts" => flood_interrupts(),
        "flood-refusals" => flood(|| {
            let _ = cpu::read_msr(0xdead_0000);
        }),
        "wild" => wild(),
        _ => count(),
    }
    serial::line(format_args!("guest-end: still here"));
    bare::exit(1)
}

/// ACPI 6.5 §4.8.3.7, or of old §4.8.3.2.1 for machines that are no hardware-reduced ones.
fn power_off() {
    const HARDWARE_REDUCED: u64 = 1 << 20;
    let Some(fadt) = Table::find(b"FACP") else {
        return serial::line(format_args!("guest-end: no FADT"));
    };
    let kind = sleep_kind(fadt.field(40, 4) as usize).unwrap_or(5);
    if fadt.field(112, 4) & HARDWARE_REDUCED != 0 {
        port::write8(fadt.field(248, 8) as u16, 1 << 5 | kind << 2);
    } else {
        port::write16(fadt.field(64, 4) as u16, 1 << 13 | u16::from(kind) << 10);
    }
    wait_for_the_end();
}

/// What to write for S5: the first element of \_S5 (ACPI 6.5 §7.4.2), if it is a plain number.
fn sleep_kind(dsdt: usize) -> Option<u8> {
    let byte = |at: usize| {
        // SAFETY: firmware's table, or other memory.
        unsafe { core::ptr::read_volatile((dsdt + at) as *const u8) }
    };
    let length = (4..8)
        .rev()
        .fold(0, |length, at| length << 8 | usize::from(byte(at)));
    let found = (36..length.min(1 << 16)).find(|at| (0..4).all(|i| byte(at + i) == b"_S5_"[i]))?;
    // PackageOp, its length in one byte, the number of elements.
    match (byte(found + 4), byte(found + 7), byte(found + 8)) {
        (0x12, 0x0a, value) => Some(value),
        (0x12, value @ 0..=1, _) => Some(value),
        _ => None,
    }
}

/// ACPI 6.5 §4.8.3.6. Not at once: it will be here again.
fn reset() {
    start_ticks();
    for _ in 0..5 {
        cpu::wait_for_interrupt();
    }
    let Some(fadt) = Table::find(b"FACP") else {
        return serial::line(format_args!("guest-end: no FADT"));
    };
    port::write8(fadt.field(120, 8) as u16, fadt.field(128, 1) as u8);
    wait_for_the_end();
}

/// The end may take a moment.
fn wait_for_the_end() {
    for _ in 0..10_000_000 {
        core::hint::spin_loop();
    }
}

/// No gates.
fn triple_fault() {
    // SAFETY: it is the end.
    unsafe { asm!("lidt [{}]", "ud2", in(reg) &[0_u64; 2]) };
}

fn hang() {
    cpu::interrupts_off();
    loop {
        // Not even PAUSE.
        // SAFETY: nothing.
        unsafe { asm!("nop") };
    }
}

/// An interrupt waits, but it must not come.
fn halt_with_interrupt() {
    trap::on_interrupt(VECTOR, |_| apic::eoi());
    cpu::interrupts_off();
    apic::send_to_self(VECTOR);
    cpu::halt_for_ever();
}

fn jump(to: usize) {
    // SAFETY: it may be the end; if code is all ones, it is an exception.
    let result = trap::catch(|| unsafe { asm!("call {}", in(reg) to) });
    if let Err(trap) = result {
        serial::line(format_args!("guest-end: {trap}"));
    }
}

/// The tables of pages are where no memory is: nothing can be fetched any more.
fn tables_in_nothing() {
    // SAFETY: it is the end.
    unsafe { asm!("mov cr3, {}", in(reg) 0xd000_0000_u64) };
}

fn flood(what: impl Fn()) {
    loop {
        what();
    }
}

fn flood_interrupts() {
    trap::on_interrupt(VECTOR, |_| apic::eoi());
    cpu::interrupts_on();
    flood(|| apic::send_to_self(VECTOR));
}

/// Reads and writes all over the place, in all that is no memory, and lives.
fn wild() {
    let mut seed = 1_u64;
    for round in 0..40_000_u64 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let at = (0xc000_0000 + (seed >> 33) % 0x3ee0_0000) & !7;
        let port = (seed >> 20) as u16;
        // Power, resets and the debug exit would end it; the serial port is for the lines.
        let port_is_free = !matches!(
            port,
            0x5d..=0x64 | 0x8f..=0x92 | 0xf1..=0xf4 | 0x3f5..=0x3ff | 0x5fd..=0x602 | 0xcf5..=0xcff
        );
        let _ = trap::catch(|| {
            // SAFETY: nothing that belongs to this program is there.
            unsafe {
                match seed >> 60 {
                    0..4 => core::ptr::write_volatile(at as *mut u32, seed as u32),
                    4..6 => core::ptr::write_volatile(at as *mut u64, seed),
                    6..9 => {
                        core::ptr::read_volatile(at as *const u8);
                    }
                    9..11 if port_is_free => port::write32(port, seed as u32),
                    11 if port_is_free => port::write8(port, seed as u8),
                    12 => {
                        port::read16(port);
                    }
                    13 => {
                        let _ = cpu::read_msr(seed as u32 & 0xc000_1fff);
                    }
                    _ => {
                        let _ = cpu::cpuid(seed as u32 & 0xc000_00ff, 0);
                    }
                }
            }
        });
        if round % 10_000 == 0 {
            serial::line(format_args!("guest-end: {round}"));
        }
    }
    serial::line(format_args!("guest-end: tamed"));
}

/// Says every tenth of a second or so that it lives.
fn count() {
    start_ticks();
    for seconds in 1.. {
        cpu::wait_for_interrupt();
        serial::line(format_args!("guest-end: alive {seconds}"));
    }
}

/// An interrupt every tenth of a second or so.
fn start_ticks() {
    trap::on_interrupt(VECTOR, |_| apic::eoi());
    apic::write(register::DIVIDE, 0xb);
    apic::write(register::LVT_TIMER, PERIODIC | u32::from(VECTOR));
    apic::write(register::INITIAL_COUNT, 10_000_000);
}
