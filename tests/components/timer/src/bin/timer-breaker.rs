// SPDX-License-Identifier: BSD-2-Clause
//! Makes the timer crash, once when asked, or at ticks of the real-time clock (MC146818: register A
//! rate, register B bit 6 periodic interrupt, register C flags that reading clears). It has the
//! timer's thread capability for that. The monitor restarts the timer by its policy.
#![no_std]
#![no_main]

use core::fmt;

use sel4_microkit::{Channel, ChannelSet, Handler, IrqAckError, protection_domain};
use sel4_vcpu::IoPort;
use timer_tests::STORM;

const ONCE: Channel = Channel::new(1);
const STORM_WANTED: Channel = Channel::new(2);
const TICK: Channel = Channel::new(9);

/// The timer's thread: slot 1 of the `cspace` element.
const TIMER: sel4::cap::Tcb = sel4::Cap::from_bits(1 << 58);
/// Where the timer goes on: nothing is mapped there.
const NOWHERE: u64 = 0xbad0;

const RTC: IoPort = IoPort::new(0);
const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;
/// Base of the divider chain, and a tick of 1/32 s: long enough for the timer to say hello through
/// a debug kernel at 115200 baud, and for its client to call.
const RATE: u8 = 0x2b;
/// 24-hour mode, periodic interrupt.
const PERIODIC: u8 = 0x42;

enum Error {
    Kernel(sel4::Error),
    Ack(IrqAckError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kernel(error) => write!(f, "{error}"),
            Self::Ack(error) => write!(f, "{error}"),
        }
    }
}

struct Breaker {
    /// Crashes that are still to be made.
    left: u64,
}

#[protection_domain]
fn init() -> Breaker {
    Breaker { left: 0 }
}

fn read(register: u8) -> Result<u8, Error> {
    RTC.out8(INDEX, register).map_err(Error::Kernel)?;
    RTC.in8(DATA).map_err(Error::Kernel)
}

fn write(register: u8, value: u8) -> Result<(), Error> {
    RTC.out8(INDEX, register).map_err(Error::Kernel)?;
    RTC.out8(DATA, value).map_err(Error::Kernel)
}

/// Stops the timer wherever it is, and has it go on where nothing is.
fn crash() -> Result<(), Error> {
    TIMER.tcb_suspend().map_err(Error::Kernel)?;
    let mut registers = sel4::UserContext {
        rip: NOWHERE,
        ..Default::default()
    };
    TIMER
        .tcb_write_all_registers(true, &mut registers)
        .map_err(Error::Kernel)
}

impl Handler for Breaker {
    type Error = Error;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Error> {
        if channels.contains(ONCE) {
            crash()?;
        }
        if channels.contains(STORM_WANTED) {
            self.left = STORM;
            write(0xa, RATE)?;
            write(0xb, PERIODIC)?;
            read(0xc)?;
        }
        if channels.contains(TICK) {
            read(0xc)?;
            if self.left > 0 {
                crash()?;
                self.left -= 1;
                if self.left == 0 {
                    write(0xb, PERIODIC & 0xf)?;
                    STORM_WANTED.notify();
                }
            }
            TICK.irq_ack().map_err(Error::Ack)?;
            // A tick that came meanwhile, while the pin was masked, has made no edge and keeps the
            // line up: without this no other would come.
            read(0xc)?;
        }
        Ok(())
    }
}
