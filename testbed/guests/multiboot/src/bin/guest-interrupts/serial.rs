// SPDX-License-Identifier: BSD-2-Clause
//! The serial port's line: IRQ 4, by the I/O APIC (82093AA §3.2).

use bare::trap::{Frame, on_interrupt};
use bare::{TestResult, apic, check, check_eq, cpu, port};

use crate::record;

const IO_APIC: usize = 0xfec0_0000;
const PIN: u32 = 4;
const VECTOR: u8 = 0x54;
const MASKED: u32 = 1 << 16;

const ENABLE: u16 = 0x3f9;
const IDENTIFICATION: u16 = 0x3fa;
const MODEM_CONTROL: u16 = 0x3fc;
/// The holding register is empty.
const TRANSMIT: u8 = 2;
const OUT2: u8 = 8;

fn write_io_apic(register: u32, value: u32) {
    // SAFETY: it is mapped, and nothing but the I/O APIC.
    unsafe {
        core::ptr::write_volatile(IO_APIC as *mut u32, register);
        core::ptr::write_volatile((IO_APIC + 0x10) as *mut u32, value);
    }
}

fn read_io_apic(register: u32) -> u32 {
    // SAFETY: as above.
    unsafe {
        core::ptr::write_volatile(IO_APIC as *mut u32, register);
        core::ptr::read_volatile((IO_APIC + 0x10) as *const u32)
    }
}

fn route(masked: u32) {
    write_io_apic(0x11 + 2 * PIN, apic::read(apic::register::ID));
    write_io_apic(0x10 + 2 * PIN, u32::from(VECTOR) | masked);
}

fn handler(frame: &mut Frame) {
    let mut inside = Frame { ..*frame };
    inside.rax = u64::from(port::read8(IDENTIFICATION));
    record::note(&inside);
    apic::eoi();
}

pub fn line_of_the_serial_port(_: &mut ()) -> TestResult {
    check!(read_io_apic(1) >> 16 & 0xff >= 23, "too few pins");
    record::start(&[]);
    on_interrupt(VECTOR, handler);
    route(0);
    port::write8(MODEM_CONTROL, OUT2 | 3);
    cpu::interrupts_on();
    port::write8(ENABLE, TRANSMIT);
    let came = record::wait(1);
    port::write8(ENABLE, 0);
    cpu::interrupts_off();
    route(MASKED);
    check_eq!(came, 1);
    check_eq!(record::rax() & 0xf, 2, "the cause");
    Ok(())
}

pub fn masked_line_waits(_: &mut ()) -> TestResult {
    record::start(&[]);
    on_interrupt(VECTOR, handler);
    route(MASKED);
    cpu::interrupts_on();
    port::write8(ENABLE, TRANSMIT);
    for _ in 0..1_000 {
        core::hint::spin_loop();
    }
    cpu::interrupts_off();
    let came = record::count();
    port::write8(ENABLE, 0);
    check_eq!(came, 0);
    check_eq!(
        read_io_apic(0x10 + 2 * PIN) & 0x1_00ff,
        MASKED | u32::from(VECTOR)
    );
    Ok(())
}
