// SPDX-License-Identifier: BSD-2-Clause
//! The real-time clock (MC146818) as a source of periodic interrupts.

use sel4::Result;
use sel4_microkit::Channel;
use sel4_vcpu::IoPort;

/// The clock's interrupt.
pub const CLOCK: Channel = Channel::new(3);

const PORTS: IoPort = IoPort::new(1);
const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;

/// Register A: time base of 32768 Hz, a period of 1/1024 s.
const RATE: (u8, u8) = (0xa, 0x26);
/// Register B: periodic interrupt, 24-hour mode.
const PERIODIC: (u8, u8) = (0xb, 0x42);
/// Register B: no interrupt, 24-hour mode.
const QUIET: (u8, u8) = (0xb, 0x02);
/// Register C: reading it makes the clock raise its line again.
const FLAGS: u8 = 0xc;

fn write((register, value): (u8, u8)) -> Result<()> {
    PORTS.out8(INDEX, register)?;
    PORTS.out8(DATA, value)
}

fn clear() -> Result<()> {
    PORTS.out8(INDEX, FLAGS)?;
    PORTS.in8(DATA).map(drop)
}

/// Makes the clock interrupt 1024 times a second.
pub fn start() -> Result<()> {
    write(RATE)?;
    write(PERIODIC)?;
    clear()?;
    CLOCK.irq_handler().irq_handler_ack()
}

/// Makes it silent.
pub fn stop() -> Result<()> {
    write(QUIET)?;
    clear()
}
