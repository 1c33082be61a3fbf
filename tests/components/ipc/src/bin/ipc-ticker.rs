// SPDX-License-Identifier: BSD-2-Clause
//! Counts the periodic interrupts of the real-time clock (MC146818: register A rate, register B
//! bit 6 periodic interrupt enable, register C flags that reading clears), and acknowledges them in
//! the manner that the driver asks for.
#![no_std]
#![no_main]

use core::fmt;

use ipc_tests::ticker;
use sel4_microkit::{
    Channel, ChannelSet, DeferredAction, DeferredActionSlot, Handler, IrqAckError, MessageInfo,
    protection_domain, set_mr,
};
use sel4_vcpu::IoPort;

const DRIVER: Channel = Channel::new(1);
const CLOCK: Channel = Channel::new(9);
const PORTS: IoPort = IoPort::new(0);

const INDEX: u16 = 0x70;
const DATA: u16 = 0x71;
const REGISTER_A: u8 = 0xa;
const REGISTER_B: u8 = 0xb;
const REGISTER_C: u8 = 0xc;
/// Register A: time base of 32768 Hz, and a period of 1/1024 s.
const RATE_1024_HZ: u8 = 0x26;
/// Register B: periodic interrupt, 24-hour mode.
const PERIODIC: u8 = 0x42;
/// Register B: no interrupt, 24-hour mode.
const QUIET: u8 = 0x02;
/// Register C: a period has passed.
const PERIOD_FLAG: u8 = 0x40;

struct Ticker {
    mode: u64,
    seen: u64,
    deferred: DeferredActionSlot,
}

#[protection_domain]
fn init() -> Ticker {
    Ticker {
        mode: ticker::STOP,
        seen: 0,
        deferred: DeferredActionSlot::new(),
    }
}

fn read(register: u8) -> sel4::Result<u8> {
    PORTS.out8(INDEX, register)?;
    PORTS.in8(DATA)
}

fn write(register: u8, value: u8) -> sel4::Result<()> {
    PORTS.out8(INDEX, register)?;
    PORTS.out8(DATA, value)
}

impl Ticker {
    fn start(&mut self, mode: u64) -> sel4::Result<()> {
        self.mode = mode;
        self.seen = 0;
        write(REGISTER_A, RATE_1024_HZ)?;
        write(REGISTER_B, PERIODIC)?;
        read(REGISTER_C)?;
        Ok(())
    }

    fn stop(&mut self) -> sel4::Result<()> {
        self.mode = ticker::STOP;
        write(REGISTER_B, QUIET)?;
        read(REGISTER_C)?;
        Ok(())
    }

    /// Watches the device count periods, with its interrupt line going up and down.
    fn watch_periods(&self) -> sel4::Result<()> {
        let mut periods = 0;
        while periods < ticker::ENOUGH {
            if read(REGISTER_C)? & PERIOD_FLAG != 0 {
                periods += 1;
            }
        }
        Ok(())
    }
}

/// What ends this program.
enum Trouble {
    Ports(sel4::Error),
    Ack(IrqAckError),
}

impl From<sel4::Error> for Trouble {
    fn from(error: sel4::Error) -> Self {
        Self::Ports(error)
    }
}

impl From<IrqAckError> for Trouble {
    fn from(error: IrqAckError) -> Self {
        Self::Ack(error)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ports(error) => write!(f, "the clock's ports: {error}"),
            Self::Ack(error) => write!(f, "the clock: {error}"),
        }
    }
}

impl Handler for Ticker {
    type Error = Trouble;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Trouble> {
        if !channels.contains(CLOCK) {
            return Ok(());
        }
        self.seen += 1;
        read(REGISTER_C)?;
        if self.seen == ticker::ENOUGH || self.mode == ticker::NO_ACK {
            DRIVER.notify();
        }
        match self.mode {
            ticker::NO_ACK => (),
            ticker::DEFER_ACK => self.deferred.defer_irq_ack(CLOCK)?,
            _ => CLOCK.irq_ack()?,
        }
        Ok(())
    }

    fn protected(&mut self, _: Channel, call: MessageInfo) -> Result<MessageInfo, Trouble> {
        match call.label() {
            mode @ (ticker::ACK | ticker::DEFER_ACK | ticker::NO_ACK) => self.start(mode)?,
            ticker::STOP => {
                let unacknowledged = self.mode == ticker::NO_ACK;
                self.stop()?;
                if unacknowledged {
                    CLOCK.irq_ack()?;
                }
            }
            ticker::WATCH => self.watch_periods()?,
            ticker::COUNT => {
                set_mr(0, self.seen);
                return Ok(MessageInfo::new(call.label(), 1));
            }
            _ => (),
        }
        Ok(MessageInfo::new(call.label(), 0))
    }

    fn take_deferred_action(&mut self) -> Option<DeferredAction> {
        self.deferred.take()
    }
}
