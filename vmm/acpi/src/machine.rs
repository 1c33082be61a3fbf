// SPDX-License-Identifier: BSD-2-Clause
//! What there is to describe.

use core::ops::RangeInclusive;

/// The machine, by its addresses. Devices on the PCI bus are found there and not described.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// CPUs, whose APIC ids are 0, 1, … They can be up to 254.
    pub cpus: u8,
    /// The local APICs' registers.
    pub local_apic: u32,
    /// The I/O APIC's registers; its pins are the global system interrupts from 0 on.
    pub io_apic: u32,
    /// Configuration space of PCI bus 0, 1 MiB.
    pub ecam: u32,
    /// Addresses for the memory of PCI devices.
    pub pci_memory: RangeInclusive<u32>,
    /// The ports of PCI's older configuration mechanism, if it is there: the first of eight.
    pub pci_ports: Option<u16>,
    /// The serial port's first of eight ports, and its interrupt.
    pub serial: Option<Device>,
    /// The clock's first of two ports, and its interrupt.
    pub clock: Option<Device>,
    /// SLEEP_CONTROL_REG, a port.
    pub sleep_control: u16,
    /// SLEEP_STATUS_REG, a port.
    pub sleep_status: u16,
    /// SLP_TYP of S5: off.
    pub sleep_type_off: u8,
    /// RESET_REG, a port.
    pub reset: u16,
    /// What resets the machine when it is written there.
    pub reset_value: u8,
}

/// A device with ports and an edge-triggered interrupt, as ISA has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// Its first port.
    pub port: u16,
    /// The global system interrupt.
    pub interrupt: u8,
}
