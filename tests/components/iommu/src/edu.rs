// SPDX-License-Identifier: BSD-2-Clause
//! QEMU's edu device (QEMU documentation, 'EDU device') and its configuration space.

use core::ptr::NonNull;

use mmio::{Mmio, MmioRegion};
use sel4_microkit::memory_region_symbol;
use sel4_test::{Failure, skip};

/// Its requester id: 00:05.0.
pub const EDU: u16 = 0x28;

/// Where the system descriptions map its registers, and its first base address register is set to.
const REGISTERS: u32 = 0xd000_0000;

/// Vendor and device.
const VENDOR_AND_DEVICE: u32 = 0x11e8_1234;

const PAGE: usize = 0x1000;

/// Configuration space.
const ID: usize = 0x00;
const COMMAND: usize = 0x04;
const BAR0: usize = 0x10;
const MSI: usize = 0x40;
const MEMORY_AND_BUS_MASTER: u32 = 0x6;
const MSI_ENABLE: u32 = 1 << 16;

/// Registers.
const STATUS: usize = 0x24;
const RAISE: usize = 0x60;
const ACKNOWLEDGE: usize = 0x64;
const SOURCE: usize = 0x80;
const DESTINATION: usize = 0x88;
const COUNT: usize = 0x90;
const TRANSFER: usize = 0x98;

/// The device's own buffer.
const BUFFER: u64 = 0x40000;

const START: u64 = 1;
const TO_MEMORY: u64 = 2;

/// Where a transfer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The device reads memory.
    Read,
    /// The device writes memory.
    Write,
}

/// The device.
pub struct Edu {
    config: MmioRegion,
    registers: MmioRegion,
}

/// The message that interrupts are made of, as the kernel expects it without remapping.
pub fn compatible(vector: u32) -> (u64, u32) {
    (0xfee0_0000, vector)
}

/// The message that names an entry of the interrupt-remapping table.
pub fn remappable(index: u16) -> (u64, u32) {
    let message = pci::Message::single(index);
    (message.address, message.data)
}

impl Edu {
    /// Finds the device and lets it do DMA, but send no messages yet.
    ///
    /// # Errors
    ///
    /// A skip where there is none.
    pub fn new() -> Result<Self, Failure> {
        let config: NonNull<u8> = memory_region_symbol!(edu_config: *mut u8);
        let registers: NonNull<u8> = memory_region_symbol!(edu_registers: *mut u8);
        // SAFETY: the system description maps both, uncached, to this program alone; tests run
        // one after the other and each drops its `Edu`.
        let mut edu = unsafe {
            Self {
                config: MmioRegion::new(config, PAGE),
                registers: MmioRegion::new(registers, PAGE),
            }
        };
        if edu.config.read32(ID) != VENDOR_AND_DEVICE {
            skip!("this machine has no edu device at 00:05.0");
        }
        edu.config.write32(BAR0, REGISTERS);
        edu.config.write32(COMMAND, MEMORY_AND_BUS_MASTER);
        let control = edu.config.read32(MSI);
        edu.config.write32(MSI, control & !MSI_ENABLE);
        edu.registers.write32(ACKNOWLEDGE, u32::MAX);
        Ok(edu)
    }

    /// Starts a transfer of at most 4 KiB.
    pub fn start(&mut self, direction: Direction, at: u64, bytes: u32) {
        let (source, destination, way) = match direction {
            Direction::Read => (at, BUFFER, 0),
            Direction::Write => (BUFFER, at, TO_MEMORY),
        };
        self.registers.write64(SOURCE, source);
        self.registers.write64(DESTINATION, destination);
        self.registers.write64(COUNT, bytes.into());
        self.registers.write64(TRANSFER, START | way);
    }

    /// Whether a transfer is under way.
    pub fn busy(&self) -> bool {
        self.registers.read64(TRANSFER) & START != 0
    }

    /// Has it send this message.
    pub fn interrupt(&mut self, address: u64, data: u32) {
        self.config.write32(MSI + 4, address as u32);
        self.config.write32(MSI + 8, (address >> 32) as u32);
        self.config.write32(MSI + 12, data);
        let control = self.config.read32(MSI);
        self.config.write32(MSI, control | MSI_ENABLE);
        self.again();
    }

    /// Has it send the last message again.
    pub fn again(&mut self) {
        self.registers.write32(RAISE, 1);
        let reasons = self.registers.read32(STATUS);
        self.registers.write32(ACKNOWLEDGE, reasons);
    }
}
