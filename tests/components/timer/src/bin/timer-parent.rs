// SPDX-License-Identifier: BSD-2-Clause
//! Restarts the timer, its child: once when asked, or at ticks of the real-time clock (MC146818:
//! register A rate, register B bit 6 periodic interrupt, register C flags that reading clears).
#![no_std]
#![no_main]

use core::fmt;

use sel4_microkit::{
    Channel, ChannelSet, Child, Handler, IrqAckError, MessageInfo, RestartError, protection_domain,
};
use sel4_vcpu::IoPort;
use timer_tests::STORM;

const ONCE: Channel = Channel::new(1);
const STORM_WANTED: Channel = Channel::new(2);
const TICK: Channel = Channel::new(9);
const TIMER: Child = Child::new(0);

const RTC: IoPort = IoPort::new(0);
const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;
/// Base of the divider chain, and a tick of 1/32 s: long enough for the timer to say hello through
/// a debug kernel at 115200 baud, and for its client to call.
const RATE: u8 = 0x2b;
/// 24-hour mode, periodic interrupt.
const PERIODIC: u8 = 0x42;

enum Error {
    Restart(RestartError),
    Ports(sel4::Error),
    Ack(IrqAckError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Restart(error) => write!(f, "restart: {error}"),
            Self::Ports(error) => write!(f, "clock: {error}"),
            Self::Ack(error) => write!(f, "{error}"),
        }
    }
}

struct Parent {
    /// Restarts that are still to be done.
    left: u64,
}

#[protection_domain]
fn init() -> Parent {
    Parent { left: 0 }
}

fn read(register: u8) -> Result<u8, Error> {
    RTC.out8(INDEX, register).map_err(Error::Ports)?;
    RTC.in8(DATA).map_err(Error::Ports)
}

fn write(register: u8, value: u8) -> Result<(), Error> {
    RTC.out8(INDEX, register).map_err(Error::Ports)?;
    RTC.out8(DATA, value).map_err(Error::Ports)
}

fn restart() -> Result<(), Error> {
    TIMER.restart().map_err(Error::Restart)
}

impl Handler for Parent {
    type Error = Error;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Error> {
        if channels.contains(ONCE) {
            restart()?;
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
                restart()?;
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

    /// A timer that crashes by itself is a failure: it stays stopped, and the tests after it hang.
    fn fault(&mut self, _: Child, info: MessageInfo) -> Result<Option<MessageInfo>, Error> {
        sel4_microkit::debug_println!("the timer crashed: {:?}", info.fault());
        Ok(None)
    }
}
