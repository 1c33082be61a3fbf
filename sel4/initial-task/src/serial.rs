// SPDX-License-Identifier: BSD-2-Clause
//! The serial port, for what must be read where the kernel does not print.
//!
//! It is used only when nothing was started, so nobody else drives the device.

use alloc::format;

use mmio::PortIo;
use sel4::init_thread::slot;
use uart::{Config, Uart};

/// First port of the PC's first serial port.
const COM1: u16 = 0x3f8;
/// Tries before a device that takes no more is given up: far longer than a line takes at 115200 baud.
const PATIENCE: usize = 1 << 20;

/// The device's eight ports.
struct Ports;

impl PortIo for Ports {
    fn read8(&mut self, offset: u16) -> u8 {
        slot::IO_PORT
            .cap()
            .ioport_in8(COM1 + offset)
            .unwrap_or(u8::MAX)
    }

    fn write8(&mut self, offset: u16, value: u8) {
        // The trait has it that what cannot be written is dropped.
        let _ = slot::IO_PORT.cap().ioport_out8(COM1 + offset, value);
    }
}

/// Writes an error as a line of the log.
pub fn error(line: &str) {
    // Without a device there is nobody to tell.
    let Ok(mut uart) = Uart::<_, 256, 16>::new(Ports, Config::default()) else {
        return;
    };
    let text = format!("initial-task|ERROR: {line}\r\n");
    let mut rest = text.as_bytes();
    for _ in 0..PATIENCE {
        rest = &rest[uart.send(rest)..];
        uart.on_interrupt();
        if rest.is_empty() && uart.tx_idle() {
            return;
        }
    }
}
