// SPDX-License-Identifier: BSD-2-Clause
//! QEMU's edu device (QEMU documentation, 'EDU device'), set up to interrupt by message.

use core::ptr::NonNull;

use mmio::{Mmio, MmioRegion};
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::{Failure, TestResult, check_eq, skip};
use sel4_vcpu::IoPort;
use test_support::{
    event::{drain, wait_for},
    pci::Function,
};

/// Where system.xml says that the device is: 00:05.0.
const DEVICE: u16 = 5 << 3;

/// Where system.xml maps its registers, and its first base address register is set to.
const REGISTERS: u32 = 0xd000_0000;

/// Vendor and device.
const EDU: u32 = 0x11e8_1234;

/// The vector of system.xml's `irq` element, on top of the kernel's first.
const VECTOR: u32 = 0x30 + 7;

const PAGE: usize = 0x1000;

/// Configuration space.
const ID: u8 = 0x00;
const COMMAND: u8 = 0x04;
const BAR0: u8 = 0x10;
const MSI: u8 = 0x40;
const MEMORY_AND_BUS_MASTER: u32 = 0x6;
const MSI_ENABLE: u32 = 1 << 16;

/// Registers.
const IDENTIFICATION: usize = 0x00;
const STATUS: usize = 0x24;
const RAISE: usize = 0x60;
const ACKNOWLEDGE: usize = 0x64;

/// The device.
pub struct Edu {
    registers: MmioRegion,
    pub irq: Channel,
}

impl Edu {
    /// Finds the device and directs its message to the boot core's local APIC.
    pub fn new() -> Result<Self, Failure> {
        let function = Function::new(IoPort::new(*var!(pci_ports: usize = 0)), DEVICE);
        if function.read(ID)? != EDU {
            skip!("this machine has no edu device at 00:05.0");
        }
        function.write(BAR0, REGISTERS)?;
        let command = function.read(COMMAND)?;
        function.write(COMMAND, command & 0xffff | MEMORY_AND_BUS_MASTER)?;
        let boot_core = 0;
        function.write(MSI + 4, 0xfee0_0000 | boot_core << 12)?;
        function.write(MSI + 8, 0)?;
        function.write(MSI + 12, VECTOR)?;
        let control = function.read(MSI)?;
        function.write(MSI, control | MSI_ENABLE)?;
        let base: NonNull<u8> = memory_region_symbol!(edu_registers: *mut u8);
        // SAFETY: system.xml maps the registers, uncached, to this protection domain alone; tests
        // run one after the other and each drops its `Edu`.
        let mut registers = unsafe { MmioRegion::new(base, PAGE) };
        check_eq!(registers.read32(IDENTIFICATION) & 0xffff, 0xed);
        registers.write32(ACKNOWLEDGE, u32::MAX);
        let irq = Channel::new(*var!(edu_irq: usize = 0));
        irq.irq_ack()?;
        drain();
        irq.irq_ack()?;
        Ok(Self { registers, irq })
    }

    /// Makes it interrupt.
    pub fn raise(&mut self, reason: u32) {
        self.registers.write32(RAISE, reason);
    }

    /// Waits for the interrupt and acknowledges it; the reasons that were raised.
    pub fn take(&mut self) -> Result<u32, Failure> {
        wait_for(self.irq)?;
        Ok(self.quiet())
    }

    /// Acknowledges the interrupt at the device; the reasons that were raised.
    pub fn quiet(&mut self) -> u32 {
        let reasons = self.registers.read32(STATUS);
        self.registers.write32(ACKNOWLEDGE, reasons);
        reasons
    }

    /// Acknowledges the interrupt at the kernel.
    pub fn acknowledge(&self) -> TestResult {
        self.irq.irq_ack()?;
        Ok(())
    }
}
