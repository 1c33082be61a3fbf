// SPDX-License-Identifier: BSD-2-Clause
//! The platform of a guest: a PC with APICs, a serial port, a clock, power control, and a PCI bus.

mod interrupts;
mod ports;

use vmm_apic::{APIC_PAGE, Help, IoApic, LocalApic, VirtualApic};
use vmm_base::{Gpa, MmioDevice, Width};
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
    /// When the clock's line will rise.
    clock_deadline: Option<u64>,
    /// A function may want to send messages.
    messages: bool,
    /// A line, the local APIC, or the machine's power may have changed.
    news: bool,
    /// The terminal was not told yet to show what it got.
    unshown: bool,
    stop: Option<Stop>,
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
            clock_deadline: None,
            messages: false,
            news: false,
            unshown: false,
            stop: None,
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
            return self.apic.read_page(offset, width, self.now);
        }
        if let Some(offset) = within(at, place::IO_APIC, IO_APIC_BYTES) {
            return self.io_apic.read(offset, width);
        }
        if let Some(offset) = within(at, place::ECAM, ECAM_BYTES) {
            return self.pci.read_ecam(offset, width);
        }
        self.messages = true;
        self.pci.read_memory(at, width).unwrap_or(width.mask())
    }

    #[inline]
    fn write(&mut self, at: Gpa, width: Width, value: u64) {
        if let Some(offset) = within(at, Gpa(APIC_PAGE), APIC_BYTES) {
            self.news = true;
            self.apic.write_page(offset, width, value, self.now);
        } else if let Some(offset) = within(at, place::IO_APIC, IO_APIC_BYTES) {
            self.news = true;
            self.io_apic.write(offset, width, value);
        } else {
            self.messages = true;
            match within(at, place::ECAM, ECAM_BYTES) {
                Some(offset) => self.pci.write_ecam(offset, width, value),
                // Nobody is there: the write has no effect.
                None => drop(self.pci.write_memory(at, width, value)),
            }
        }
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
