// SPDX-License-Identifier: BSD-2-Clause
//! The serial port as drivers see it.

mod data_sheet;
mod hostile;
mod linux;
mod own_driver;

use vmm_base::{PortDevice, Width};

use super::{Uart, registers::offset};

fn read(uart: &mut Uart, offset: u16) -> u8 {
    uart.read(offset, Width::Byte) as u8
}

fn write(uart: &mut Uart, offset: u16, value: u8) {
    uart.write(offset, Width::Byte, value.into());
}

fn output(uart: &mut Uart) -> std::vec::Vec<u8> {
    core::iter::from_fn(|| uart.take_output()).collect()
}

/// The interrupt line on, all causes on.
fn listening() -> Uart {
    let mut uart = Uart::default();
    write(&mut uart, offset::MODEM_CONTROL, 0x0b);
    write(&mut uart, offset::INTERRUPT_ENABLE, 0x0f);
    uart
}
