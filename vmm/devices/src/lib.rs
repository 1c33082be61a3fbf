// SPDX-License-Identifier: BSD-2-Clause
//! What a guest finds at the ports of a PC.
//!
//! * [`Uart`]: a 16550A serial port.
//! * [`Rtc`]: the clock, with its 128 bytes of CMOS memory.
//! * [`Power`]: ACPI's registers to turn a hardware-reduced machine off and to reset it.
//! * [`DebugExit`]: the port by which a test says how it ended.
//! * [`Legacy`]: ports of chips that this machine has not got, which software touches all the same.
//!
//! Each is a [`vmm_base::PortDevice`] that knows neither its ports nor its interrupt: lines, output
//! and requests are asked of it after an access. Time is a count of ticks that the caller gives.
//! There are no PICs, and no timer but the local APICs' interrupts.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod debug_exit;
mod legacy;
mod power;
mod rtc;
mod uart;

pub use debug_exit::DebugExit;
pub use legacy::Legacy;
pub use power::{Power, Request};
pub use rtc::{Rtc, Start};
pub use uart::Uart;

/// Where a PC has them, and where this machine has what PCs have nowhere in particular.
pub mod port {
    use core::ops::RangeInclusive;

    /// The first serial port.
    pub const COM1: RangeInclusive<u16> = 0x3f8..=0x3ff;
    /// The clock: index and data.
    pub const RTC: RangeInclusive<u16> = 0x70..=0x71;
    /// Sleep control, sleep status, reset.
    pub const POWER: RangeInclusive<u16> = 0x600..=0x602;
    /// The end of a test.
    pub const DEBUG_EXIT: u16 = 0xf4;
}
