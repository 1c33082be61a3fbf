// SPDX-License-Identifier: BSD-2-Clause
//! The PCI bus, by both ways to configuration space.

use bare::{Failure, TestResult, acpi, apic, check, check_eq, port};

const COMMAND: u16 = 4;
const CLASS: u16 = 8;
const HEADER: u16 = 0x0c;
const BARS: u16 = 0x10;
const SUBSYSTEM: u16 = 0x2c;
const CAPABILITIES: u16 = 0x34;

const MEMORY: u32 = 2;
const ABSENT: u32 = u32::MAX;

/// A function of bus 0: device and function.
#[derive(Clone, Copy)]
struct At(u16);

impl At {
    fn read(self, register: u16) -> u32 {
        self.select(register);
        port::read32(0xcfc)
    }

    fn write(self, register: u16, value: u32) {
        self.select(register);
        port::write32(0xcfc, value);
    }

    fn select(self, register: u16) {
        port::write32(
            0xcf8,
            1 << 31 | u32::from(self.0) << 8 | u32::from(register),
        );
    }

    fn is_there(self) -> bool {
        self.read(0) != ABSENT
    }

    /// An ordinary function, not a bridge.
    fn is_device(self) -> bool {
        self.is_there() && self.read(HEADER) >> 16 & 0x7f == 0
    }

    /// Where a register is in memory.
    fn ecam(self, register: u16) -> Result<*mut u32, Failure> {
        match acpi::ecam() {
            Some(ecam) => Ok((ecam + (usize::from(self.0) << 12) + usize::from(register)) as _),
            None => bare::fail!("no table MCFG"),
        }
    }
}

fn first_functions() -> impl Iterator<Item = At> {
    (0..32).map(|device| At(device << 3))
}

fn devices() -> impl Iterator<Item = At> {
    first_functions().filter(|at| at.is_device())
}

pub fn pci_ways_agree(_: &mut ()) -> TestResult {
    for at in first_functions() {
        for register in [0, COMMAND, CLASS, SUBSYSTEM] {
            let place = at.ecam(register)?;
            // SAFETY: it is mapped, and configuration space can be read.
            let in_memory = unsafe { place.read_volatile() };
            check_eq!(at.read(register), in_memory, "{:#x} {register:#x}", at.0);
        }
    }
    // What one writes the other reads.
    let at = At(0);
    let place = at.ecam(0x3c)?;
    // SAFETY: nothing but the number of an interrupt line, which is only noted there.
    let line = unsafe { place.read_volatile() };
    at.write(0x3c, line ^ 0x0f);
    // SAFETY: as above.
    let read = unsafe { place.read_volatile() };
    // SAFETY: as above.
    unsafe { place.write_volatile(line) };
    check_eq!(at.read(0x3c), line);
    check!(read == line || read == line ^ 0x0f, "{read:#x}");
    Ok(())
}

pub fn pci_holes_are_empty(_: &mut ()) -> TestResult {
    check!(At(0).is_there(), "no host bridge");
    let mut holes = 0;
    for at in first_functions().filter(|at| !at.is_there()) {
        for register in (0..0x100).step_by(4) {
            at.write(register, 0);
            check_eq!(at.read(register), ABSENT, "{:#x} {register:#x}", at.0);
        }
        holes += 1;
    }
    check!(holes > 0, "all devices are there");
    Ok(())
}

pub fn pci_identities_stay(_: &mut ()) -> TestResult {
    for at in devices() {
        for register in [0, CLASS, SUBSYSTEM, CAPABILITIES] {
            let before = at.read(register);
            at.write(register, !before);
            check_eq!(at.read(register), before, "{:#x} {register:#x}", at.0);
        }
    }
    Ok(())
}

/// With memory off: all ones show how much a register decodes, and the old value comes back.
pub fn pci_base_addresses_are_sized(_: &mut ()) -> TestResult {
    for at in devices() {
        let command = at.read(COMMAND) & 0xffff;
        at.write(COMMAND, command & !3);
        for bar in (BARS..BARS + 24).step_by(4) {
            let before = at.read(bar);
            at.write(bar, ABSENT);
            let size = at.read(bar);
            at.write(bar, before);
            check_eq!(at.read(bar), before, "{:#x} {bar:#x}", at.0);
            // Ones from a bit on, which is the size; or nothing, or the upper half of an address.
            let bits = if size & 1 != 0 {
                size & !3
            } else {
                size & !0xf
            };
            let power = bits == 0 || (!bits).wrapping_add(1).is_power_of_two();
            check!(power || size & 1 != 0, "{:#x} {bar:#x}: {size:#x}", at.0);
        }
        at.write(COMMAND, command);
        check_eq!(at.read(COMMAND) & 0xffff, command);
    }
    Ok(())
}

/// A function that decodes the addresses of the local APIC gets none of its accesses.
pub fn pci_base_addresses_hide_no_apic(_: &mut ()) -> TestResult {
    let version = apic::read(apic::register::VERSION);
    for at in devices() {
        let command = at.read(COMMAND) & 0xffff;
        for bar in (BARS..BARS + 24).step_by(4) {
            let before = at.read(bar);
            if before & 1 != 0 {
                continue;
            }
            at.write(bar, apic::BASE as u32);
            at.write(COMMAND, command | MEMORY);
            let seen = apic::read(apic::register::VERSION);
            at.write(COMMAND, command);
            at.write(bar, before);
            check_eq!(seen, version, "{:#x} {bar:#x}", at.0);
        }
    }
    Ok(())
}

pub fn pci_capabilities_end(_: &mut ()) -> TestResult {
    for at in devices() {
        if at.read(COMMAND) & 1 << 20 == 0 {
            continue;
        }
        let mut next = at.read(CAPABILITIES) as u8;
        let mut left = 48;
        while next != 0 {
            check!(
                next >= 0x40 && next.is_multiple_of(4),
                "{:#x}: {next:#x}",
                at.0
            );
            next = (at.read(next.into()) >> 8) as u8;
            check!(left > 0, "{:#x}: a loop", at.0);
            left -= 1;
        }
    }
    Ok(())
}
