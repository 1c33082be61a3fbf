// SPDX-License-Identifier: BSD-2-Clause
//! The platform of a guest: a PC with APICs, a serial port, a clock, power control, and a PCI bus.

mod interrupts;
mod ports;

use vmm_apic::{APIC_PAGE, Help, IoApic, LocalApic, VirtualApic};
use vmm_base::{Gpa, MmioDevice, Width};
use vmm_control::Access;
use vmm_devices::{DebugExit, Legacy, Power, Rtc, Start, Uart};
use vmm_pci::{Bus as PciBus, ECAM_BYTES, Function};
use vmm_virtio::devices::console::Terminal;

use crate::{Bus, Stop};

/// Guest-physical addresses of what is no memory (docs/guests.md).
pub mod place {
    use core::ops::Range;

    use vmm_base::Gpa;

    /// What base addresses of PCI functions may hold.
    pub const PCI_MEMORY: Range<u64> = 0xc000_0000..0xe000_0000;
    /// The enhanced configuration window.
    pub const ECAM: Gpa = Gpa(0xe000_0000);
    /// The registers of the IOAPIC.
    pub const IO_APIC: Gpa = Gpa(0xfec0_0000);
}

const IO_APIC_BYTES: u64 = 0x1000;
const APIC_BYTES: u64 = 0x1000;

/// Pins of the IOAPIC.
const CLOCK_PIN: u8 = 8;
const SERIAL_PIN: u8 = 4;

/// A PC. `V` is what the CPU knows of its APIC, `F` a function on the PCI bus, `T` the terminal behind
/// the serial port.
#[derive(Debug)]
pub struct Pc<V, F, T> {
    now: u64,
    apic: LocalApic<V>,
    help: Help,
    io_apic: IoApic,
    serial: Uart,
    serial_line: bool,
    terminal: T,
    clock: Rtc,
    power: Power,
    debug_exit: DebugExit,
    legacy: Legacy,
    pci: PciBus<F>,
    /// Configuration space can be reached by ports, too.
    config_ports: bool,
    /// Before this time neither timer nor clock has anything to do; 0 until that is found out.
    due: u64,
    /// When the clock's line will rise.
    clock_deadline: Option<u64>,
    /// A function may want to send messages.
    messages: bool,
    /// A line, the local APIC, or the machine's power may have changed.
    news: bool,
    /// The terminal was not told yet to show what it got.
    unshown: bool,
    stop: Option<Stop>,
    /// What the last access was about.
    access: Option<Access>,
}

impl<V: VirtualApic, F: Function, T: Terminal> Pc<V, F, T> {
    /// A PC that was just switched on, with the time of `clock`.
    pub fn new(apic: LocalApic<V>, help: Help, clock: Start, pci: PciBus<F>, terminal: T) -> Self {
        Self {
            now: 0,
            apic,
            help,
            io_apic: IoApic::new(),
            serial: Uart::default(),
            serial_line: false,
            terminal,
            clock: Rtc::new(clock),
            power: Power::default(),
            debug_exit: DebugExit::default(),
            legacy: Legacy::new(clock.hertz),
            pci,
            config_ports: true,
            due: 0,
            clock_deadline: None,
            messages: false,
            news: false,
            unshown: false,
            stop: None,
            access: None,
        }
    }

    /// Takes the ports 0xcf8 to 0xcff away. A guest that would use them beside the enhanced window
    /// needs one exit for each of its accesses then, not two.
    pub const fn remove_config_ports(&mut self) {
        self.config_ports = false;
    }

    /// The functions on the bus, to give them what came from outside.
    pub fn pci(&mut self) -> &mut PciBus<F> {
        self.messages = true;
        &mut self.pci
    }

    /// What the last access was about, to be counted.
    #[inline]
    pub const fn take_access(&mut self) -> Option<Access> {
        self.access.take()
    }

    /// Gives the serial port what the terminal has, as far as it has room.
    pub fn take_input(&mut self) {
        let mut byte = [0];
        while self.serial.can_receive() && self.terminal.read(&mut byte) == 1 {
            self.serial.offer_input(byte[0]);
        }
        self.update_serial();
    }
}

impl<V: VirtualApic, F: Function, T: Terminal> Bus for Pc<V, F, T> {
    #[inline]
    fn read_port(&mut self, port: u16, width: Width) -> u32 {
        self.input(port, width)
    }

    #[inline]
    fn write_port(&mut self, port: u16, width: Width, value: u32) {
        self.output(port, width, value);
    }

    #[inline]
    fn read(&mut self, at: Gpa, width: Width) -> u64 {
        if let Some(offset) = within(at, Gpa(APIC_PAGE), APIC_BYTES) {
            self.news = true;
            self.access = Some(apic_access(offset >> 4));
            return self.apic.read_page(offset, width, self.now);
        }
        if let Some(offset) = within(at, place::IO_APIC, IO_APIC_BYTES) {
            self.access = Some(Access::IoApic);
            return self.io_apic.read(offset, width);
        }
        if let Some(offset) = within(at, place::ECAM, ECAM_BYTES) {
            self.access = Some(Access::PciConfig);
            return self.pci.read_ecam(offset, width);
        }
        self.messages = true;
        let value = self.pci.read_memory(at, width);
        self.access = Some(memory_access(value.is_some()));
        value.unwrap_or(width.mask())
    }

    #[inline]
    fn write(&mut self, at: Gpa, width: Width, value: u64) {
        if let Some(offset) = within(at, Gpa(APIC_PAGE), APIC_BYTES) {
            self.news = true;
            self.access = Some(apic_access(offset >> 4));
            self.due = 0;
            self.apic.write_page(offset, width, value, self.now);
        } else if let Some(offset) = within(at, place::IO_APIC, IO_APIC_BYTES) {
            self.news = true;
            self.access = Some(Access::IoApic);
            self.io_apic.write(offset, width, value);
        } else if let Some(offset) = within(at, place::ECAM, ECAM_BYTES) {
            self.messages = true;
            self.access = Some(Access::PciConfig);
            self.pci.write_ecam(offset, width, value);
        } else {
            self.messages = true;
            let done = self.pci.write_memory(at, width, value);
            self.access = Some(memory_access(done.is_some()));
        }
    }
}

/// An access to the local APIC's register with this number.
const fn apic_access(number: u64) -> Access {
    match number {
        0x08 => Access::ApicTpr,
        0x0b => Access::ApicEoi,
        0x30 | 0x31 => Access::ApicIcr,
        0x32 | 0x38 | 0x39 | 0x3e => Access::ApicTimer,
        _ => Access::ApicOther,
    }
}

const fn memory_access(is_there: bool) -> Access {
    match is_there {
        true => Access::PciBar,
        false => Access::AbsentMemory,
    }
}

/// The offset of `at` in the `bytes` from `first` on.
const fn within(at: Gpa, first: Gpa, bytes: u64) -> Option<u64> {
    match at.0.checked_sub(first.0) {
        Some(offset) if offset < bytes => Some(offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
