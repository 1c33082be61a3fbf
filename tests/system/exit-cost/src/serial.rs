// SPDX-License-Identifier: BSD-2-Clause
//! The first serial port, for kernels that print nothing: 115200 baud, no interrupts.

use core::fmt;

use sel4_vcpu::IoPort;

const PORTS: IoPort = IoPort::new(0);
const DATA: u16 = 0x3f8;
const INTERRUPT_ENABLE: u16 = 0x3f9;
const LINE_CONTROL: u16 = 0x3fb;
const LINE_STATUS: u16 = 0x3fd;
const DIVISOR_ACCESS: u8 = 0x80;
const EIGHT_BITS: u8 = 0x03;
const TRANSMITTER_EMPTY: u8 = 0x20;

/// The port.
pub struct Serial;

impl Serial {
    /// Sets it up.
    pub fn new() -> sel4::Result<Self> {
        PORTS.out8(INTERRUPT_ENABLE, 0)?;
        PORTS.out8(LINE_CONTROL, DIVISOR_ACCESS | EIGHT_BITS)?;
        PORTS.out8(DATA, 1)?;
        PORTS.out8(INTERRUPT_ENABLE, 0)?;
        PORTS.out8(LINE_CONTROL, EIGHT_BITS)?;
        Ok(Self)
    }
}

impl fmt::Write for Serial {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            while PORTS.in8(LINE_STATUS).map_err(|_| fmt::Error)? & TRANSMITTER_EMPTY == 0 {}
            PORTS.out8(DATA, byte).map_err(|_| fmt::Error)?;
        }
        Ok(())
    }
}
