// SPDX-License-Identifier: BSD-2-Clause
//! What is left of the chips of a PC that this machine has not got: software reaches for their ports
//! out of habit, some of it in vain, some to measure time, some to reset the machine.
//!
//! * The interval timer (8253/8254) counts, but interrupts nobody: with its third channel, and port
//!   0x61, software finds out how fast its CPU is.
//! * Ports 0x64, 0x92 and 0xcf9 reset the machine, each in its way.
//! * There are no interrupt controllers (8259), no keyboard controller (8042), no DMA controllers:
//!   all ones are read, and what is written has no effect.

mod timer;

use vmm_base::{PortDevice, Width};

use crate::Request;
use timer::Timer;

/// The keyboard controller's command that pulses the CPU's reset line.
const PULSE_RESET: u32 = 0xfe;
/// Port 0x92: the CPU's reset line, and address line 20, which is always on.
const FAST_RESET: u8 = 1 << 0;
const ADDRESS_LINE_20: u8 = 1 << 1;
/// Port 0xcf9: a reset happens when this bit comes on.
const RESET_CPU: u8 = 1 << 2;
const RESET_CONTROL: u8 = 0x0e;

mod port {
    pub const TIMER: u16 = 0x40;
    pub const TIMER_LAST: u16 = 0x43;
    pub const SYSTEM_CONTROL: u16 = 0x61;
    pub const KEYBOARD_COMMAND: u16 = 0x64;
    pub const FAST_RESET: u16 = 0x92;
    pub const RESET: u16 = 0xcf9;
}

/// The ports. Offsets are port numbers; those of others read as all ones.
#[derive(Debug, Clone)]
pub struct Legacy {
    timer: Timer,
    fast_reset: u8,
    reset_control: u8,
    request: Option<Request>,
}

impl Legacy {
    /// With a timer that is told the time in ticks of this frequency.
    pub fn new(hertz: u64) -> Self {
        Self {
            timer: Timer::new(hertz),
            fast_reset: ADDRESS_LINE_20,
            reset_control: 0,
            request: None,
        }
    }

    /// The time is `now`; to be told before an access.
    pub fn advance(&mut self, now: u64) {
        self.timer.advance(now);
    }

    /// What the guest asked for, until it is taken.
    pub fn take_request(&mut self) -> Option<Request> {
        self.request.take()
    }

    fn reset_if(&mut self, condition: bool) {
        if condition {
            self.request = Some(Request::Reset);
        }
    }
}

impl PortDevice for Legacy {
    fn read(&mut self, offset: u16, width: Width) -> u32 {
        if width != Width::Byte {
            return width.mask() as u32;
        }
        u32::from(match offset {
            port::TIMER..=port::TIMER_LAST => self.timer.read(offset - port::TIMER),
            port::SYSTEM_CONTROL => self.timer.read_system_control(),
            port::FAST_RESET => self.fast_reset,
            port::RESET => self.reset_control,
            _ => 0xff,
        })
    }

    fn write(&mut self, offset: u16, width: Width, value: u32) {
        if width != Width::Byte {
            return;
        }
        let byte = value as u8;
        match offset {
            port::TIMER..=port::TIMER_LAST => self.timer.write(offset - port::TIMER, byte),
            port::SYSTEM_CONTROL => self.timer.write_system_control(byte),
            port::KEYBOARD_COMMAND => self.reset_if(value == PULSE_RESET),
            port::FAST_RESET => {
                self.reset_if(byte & !self.fast_reset & FAST_RESET != 0);
                self.fast_reset = byte & FAST_RESET | ADDRESS_LINE_20;
            }
            port::RESET => {
                self.reset_if(byte & !self.reset_control & RESET_CPU != 0);
                self.reset_control = byte & RESET_CONTROL;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
