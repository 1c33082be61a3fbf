// SPDX-License-Identifier: BSD-2-Clause
//! Ports inside the ranges.

use sel4_microkit::var;
use sel4_test::{TestResult, check, check_eq, fail};
use sel4_vcpu::IoPort;
use test_support::rtc::Rtc;

use crate::pci;

/// The real-time clock's ports.
pub const CMOS: IoPort = IoPort::new(0);

/// The ports of the PCI configuration space.
pub const PCI: IoPort = IoPort::new(5);

/// The port of power-on self-test codes, one byte.
pub const POST: IoPort = IoPort::new(30);

/// The highest four ports that there are.
pub const HIGHEST: IoPort = IoPort::new(61);

pub fn ids_and_addresses_are_set() -> TestResult {
    check_eq!(*var!(cmos_id: usize = usize::MAX), 0);
    check_eq!(*var!(pci_id: usize = 0), 5);
    check_eq!(*var!(post_id: usize = 0), 30);
    check_eq!(*var!(highest_id: usize = 0), 61);
    check_eq!(*var!(cmos_ports: usize = 0), 0x70);
    check_eq!(*var!(pci_ports: usize = 0), 0xcf8);
    check_eq!(*var!(post_port: usize = 0), 0x80);
    check_eq!(*var!(highest_ports: usize = 0), 0xfffc);
    Ok(())
}

pub fn bytes_by_the_real_time_clock() -> TestResult {
    /// A byte of the battery-backed memory that neither firmware nor kernel uses.
    const SCRATCH: u8 = 0x6f;
    /// Status register D, bit 7: the memory is valid.
    const STATUS_D: u8 = 0x0d;
    let rtc = Rtc::new(CMOS);
    check!(
        rtc.read(STATUS_D)? & 0x80 != 0,
        "the clock says that its memory is lost"
    );
    let before = rtc.read(SCRATCH)?;
    for value in [0x00, 0xff, 0x5a, 0xa5] {
        rtc.write(SCRATCH, value)?;
        check_eq!(rtc.read(SCRATCH)?, value);
    }
    rtc.write(SCRATCH, before)?;
    Ok(())
}

pub fn reads_of_all_widths_agree() -> TestResult {
    let (address, data) = (pci::ADDRESS, pci::DATA);
    // Identification of the host bridge: all four bytes differ from 0 and from all ones.
    PCI.out32(address, pci::ENABLE)?;
    let whole = PCI.in32(data)?;
    check!(
        whole != 0 && whole != u32::MAX,
        "no host bridge: {whole:#x}"
    );
    let halves = [PCI.in16(data)?, PCI.in16(data + 2)?];
    check_eq!(u32::from(halves[1]) << 16 | u32::from(halves[0]), whole);
    for (byte, expected) in whole.to_le_bytes().into_iter().enumerate() {
        check_eq!(PCI.in8(data + byte as u16)?, expected);
    }
    Ok(())
}

pub fn writes_of_16_bits() -> TestResult {
    let Some(function) = pci::with_interrupt_pin()? else {
        fail!("no device interrupts");
    };
    let at = pci::ENABLE | function | pci::INTERRUPT;
    PCI.out32(pci::ADDRESS, at)?;
    let before = PCI.in16(pci::DATA)?;
    for line in [0x0b, 0x05] {
        // The line is for software to use; the pin in the high byte cannot be written.
        PCI.out16(pci::DATA, 0xaa00 | line)?;
        check_eq!(PCI.in16(pci::DATA)?, before & 0xff00 | line);
    }
    PCI.out16(pci::DATA, before)?;
    Ok(())
}

pub fn writes_of_32_bits() -> TestResult {
    for device in [1_u32, 3, 0x1f] {
        let value = pci::ENABLE | device << 11;
        PCI.out32(pci::ADDRESS, value)?;
        check_eq!(PCI.in32(pci::ADDRESS)?, value);
    }
    // A POST code goes nowhere, and does no harm.
    POST.out8(0x80, 0x42)?;
    Ok(())
}

pub fn last_port_of_all() -> TestResult {
    // Nothing is there; what counts is that the kernel's arithmetic does not wrap.
    HIGHEST.in32(0xfffc)?;
    HIGHEST.in16(0xfffe)?;
    HIGHEST.in8(0xffff)?;
    Ok(())
}
