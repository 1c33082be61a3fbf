// SPDX-License-Identifier: BSD-2-Clause
//! QEMU's edu device (QEMU documentation, 'EDU device'): it copies up to a page between memory and
//! a buffer of its own, and sends the message that its MSI capability holds.

use alloc::vec::Vec;

use mmio::{Mmio, MmioRegion};
use pci::Message;
use sel4_test::{Failure, TestResult, check, check_eq, fail};
use test_support::clock::Clock;
use test_support::pci::Function;

/// Vendor and device.
const EDU: u32 = 0x11e8_1234;

/// Configuration space.
const ID: u8 = 0x00;
const COMMAND: u8 = 0x04;
const BAR0: u8 = 0x10;
const MSI: u8 = 0x40;
const MEMORY_AND_BUS_MASTER: u32 = 0x6;
const MSI_ENABLE: u32 = 1 << 16;

/// Registers.
const IDENTIFICATION: usize = 0x00;
const RAISE: usize = 0x60;
const ACKNOWLEDGE: usize = 0x64;
const SOURCE: usize = 0x80;
const DESTINATION: usize = 0x88;
const COUNT: usize = 0x90;
const TRANSFER: usize = 0x98;

/// Bits of the transfer register.
const START: u64 = 1 << 0;
const TO_MEMORY: u64 = 1 << 1;

/// Where the device's buffer is in its own address space.
const BUFFER: u64 = 0x4_0000;

/// How long a transfer takes, with something for the way: 100 ms.
const TRANSFER_NS: u64 = 100_100_000;

/// The device.
pub struct Edu {
    function: Function,
    registers: MmioRegion,
    /// What the first word of its buffer may hold.
    pub buffer: Vec<u64>,
}

impl Edu {
    /// Finds the device and places its registers.
    pub fn new(function: Function, registers: MmioRegion, bar: u32) -> Result<Self, Failure> {
        check_eq!(function.read(ID)?, EDU, "the edu device");
        function.write(BAR0, bar)?;
        let command = function.read(COMMAND)?;
        function.write(COMMAND, command & 0xffff | MEMORY_AND_BUS_MASTER)?;
        let control = function.read(MSI)?;
        function.write(MSI, control | MSI_ENABLE)?;
        check_eq!(registers.read32(IDENTIFICATION) & 0xffff, 0xed);
        Ok(Self {
            function,
            registers,
            buffer: Vec::from([0]),
        })
    }

    /// Moves a word between memory at `at` and the buffer.
    pub fn transfer(&mut self, clock: &mut Clock, at: u64, to_memory: bool) -> TestResult {
        self.start(at, to_memory);
        pass(clock)?;
        self.finish()
    }

    /// Begins to; what is then passed is the time that it takes.
    pub fn start(&mut self, at: u64, to_memory: bool) {
        let (source, destination) = if to_memory {
            (BUFFER, at)
        } else {
            (at, BUFFER)
        };
        let direction = if to_memory { TO_MEMORY } else { 0 };
        self.registers.write64(SOURCE, source);
        self.registers.write64(DESTINATION, destination);
        self.registers.write64(COUNT, 8);
        self.registers.write64(TRANSFER, START | direction);
    }

    /// It has ended.
    pub fn finish(&mut self) -> TestResult {
        let busy = self.registers.read64(TRANSFER) & START != 0;
        check!(!busy, "the transfer does not end");
        Ok(())
    }

    /// Sends a message.
    pub fn send(&mut self, message: Message) -> TestResult {
        let Ok(address) = u32::try_from(message.address) else {
            fail!("no such message");
        };
        self.function.write(MSI + 4, address)?;
        self.function.write(MSI + 8, 0)?;
        self.function.write(MSI + 12, message.data)?;
        self.registers.write32(RAISE, 1);
        self.registers.write32(ACKNOWLEDGE, u32::MAX);
        Ok(())
    }
}

/// Lets the time of a transfer pass.
pub fn pass(clock: &mut Clock) -> TestResult {
    clock.sleep(TRANSFER_NS)
}
