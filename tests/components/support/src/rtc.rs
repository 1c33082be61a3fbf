// SPDX-License-Identifier: BSD-2-Clause
//! The periodic interrupt of the CMOS real-time clock (Motorola MC146818A data sheet): a source of
//! edge-triggered interrupts that every machine has, at pin 8 of the IOAPIC.

use sel4_vcpu::IoPort;

const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;

const REGISTER_A: u8 = 0x0a;
const REGISTER_B: u8 = 0x0b;
const REGISTER_C: u8 = 0x0c;

/// 32.768 kHz time base (bits 6:4) and 1024 interrupts a second (bits 3:0).
const RATE: u8 = 0x26;

/// Periodic interrupt enable.
const PERIODIC: u8 = 1 << 6;

/// The clock behind ports 0x70 and 0x71.
#[derive(Clone, Copy)]
pub struct Rtc {
    ports: IoPort,
}

impl Rtc {
    /// The clock, with the capability to its two ports.
    pub const fn new(ports: IoPort) -> Self {
        Self { ports }
    }

    /// Makes it interrupt 1024 times a second.
    ///
    /// # Errors
    ///
    /// When the capability does not cover the ports.
    pub fn start(self) -> sel4::Result<()> {
        self.write(REGISTER_A, RATE)?;
        let b = self.read(REGISTER_B)?;
        self.write(REGISTER_B, b | PERIODIC)?;
        self.clear().map(drop)
    }

    /// Ends the interrupts.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn stop(self) -> sel4::Result<()> {
        let b = self.read(REGISTER_B)?;
        self.write(REGISTER_B, b & !PERIODIC)?;
        self.clear().map(drop)
    }

    /// Lets the clock's line go down, without which there is no next edge; whether it was up.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn clear(self) -> sel4::Result<bool> {
        const INTERRUPT: u8 = 1 << 7;
        Ok(self.read(REGISTER_C)? & INTERRUPT != 0)
    }

    /// Reads a register or a byte of the CMOS memory.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn read(self, register: u8) -> sel4::Result<u8> {
        self.ports.out8(INDEX, register)?;
        self.ports.in8(DATA)
    }

    /// Writes a register or a byte of the CMOS memory.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    pub fn write(self, register: u8, value: u8) -> sel4::Result<()> {
        self.ports.out8(INDEX, register)?;
        self.ports.out8(DATA, value)
    }
}
