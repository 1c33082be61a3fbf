// SPDX-License-Identifier: BSD-2-Clause
//! The driver proper.

use core::fmt;

use mmio::Mmio;

use crate::capabilities::{Capabilities, TimerCapabilities};
use crate::error::Error;
use crate::registers::{Reg, conf, timer};
use crate::time::Period;

/// Alarms are never set further away than this: half the range of a 32-bit comparator, so that
/// 'already passed' and 'still to come' can be told apart.
const HORIZON: u64 = 1 << 31;

/// The distance in ticks at which an alarm is first placed when its moment is near. Reading and
/// writing the device takes 5 to 15 ticks of the slowest clock; the factor is margin.
const FIRST_LEAD: u64 = 64;

/// Attempts to place an alarm ahead of the counter, each with twice the distance of the one
/// before: the last is more than a second away, which no delay of the processor should reach.
const MAX_ATTEMPTS: u32 = 24;

/// How the comparator's interrupt reaches a processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By an input of the IOAPIC.
    IoApic {
        /// The pin, 0 to 31.
        pin: u8,
        /// Level-triggered, else by edge. By level no interrupt is lost while the pin is masked.
        level: bool,
    },
    /// By a message: a 32-bit write of `data` to `address`.
    Message {
        /// The address, 0xfeexxxxx.
        address: u32,
        /// The data, holding the vector.
        data: u32,
    },
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IoApic { pin, level: true } => write!(f, "IOAPIC pin {pin} by level"),
            Self::IoApic { pin, level: false } => write!(f, "IOAPIC pin {pin} by edge"),
            Self::Message { address, data } => write!(f, "message {data:#x} to {address:#x}"),
        }
    }
}

/// A running HPET, one of whose comparators is ours.
#[derive(Debug)]
pub struct Hpet<M> {
    mmio: M,
    capabilities: Capabilities,
    comparator: u8,
    /// The latest value of the clock, to extend a 32-bit counter.
    last: u64,
}

impl<M: Mmio> Hpet<M> {
    /// Checks the device, silences all comparators, chooses one for `delivery` and starts the main
    /// counter if it stands still.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub fn new(mmio: M, delivery: Delivery) -> Result<Self, Error> {
        let capabilities = Capabilities::decode(mmio.read64(Reg::Capabilities.offset()))?;
        let needed = Reg::Timer(capabilities.comparators).offset();
        if mmio.size() < needed {
            return Err(Error::Region(needed));
        }
        let mut hpet = Self {
            mmio,
            capabilities,
            comparator: 0,
            last: 0,
        };
        for n in 0..capabilities.comparators {
            let value = hpet.read(Reg::Timer(n));
            hpet.write(Reg::Timer(n), value & !timer::ENABLE);
        }
        hpet.write(Reg::Status, u32::MAX.into());
        hpet.comparator = hpet.choose(delivery)?;
        hpet.route(delivery);
        let configuration = hpet.read(Reg::Configuration);
        if configuration & conf::ENABLE == 0 {
            hpet.write(Reg::Counter, 0);
        }
        hpet.write(
            Reg::Configuration,
            configuration & !conf::LEGACY | conf::ENABLE,
        );
        Ok(hpet)
    }

    /// What the device says of itself.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// The number of the comparator in use.
    pub fn comparator(&self) -> u8 {
        self.comparator
    }

    /// The length of a tick.
    pub fn period(&self) -> Period {
        Period(self.capabilities.period_fs)
    }

    /// The clock in ticks. It never goes back. A 32-bit counter is extended in software, for which
    /// this (or [`arm`](Self::arm)) must be called at least once per wrap; an alarm that is kept
    /// armed sees to that.
    pub fn now(&mut self) -> u64 {
        let now = if self.capabilities.wide_counter {
            self.wide_counter()
        } else {
            let low = self.low_counter();
            let high = self.last & !u64::from(u32::MAX);
            let wrapped = low < self.last & u64::from(u32::MAX);
            (high | low) + if wrapped { 1 << 32 } else { 0 }
        };
        self.last = self.last.max(now);
        self.last
    }

    /// Sets the alarm to the tick `deadline`, or as soon after it as the device can be set, or
    /// half a comparator range from now if `deadline` is further away. The alarm that was set
    /// before is forgotten (though its interrupt may already be on its way).
    ///
    /// Returns false when the device would not take an alarm; then nothing will ring.
    #[must_use]
    pub fn arm(&mut self, deadline: u64) -> bool {
        let mut lead = FIRST_LEAD;
        for _ in 0..MAX_ATTEMPTS {
            let now = self.now();
            let earliest = now.saturating_add(lead);
            let target = deadline.min(now.saturating_add(HORIZON)).max(earliest);
            self.mmio
                .write32(Reg::Comparator(self.comparator).offset(), target as u32);
            self.set_enabled(true);
            // Half the lead must be left: some devices take the value over only a few ticks later.
            if self.now().saturating_add(lead / 2) <= target {
                return true;
            }
            lead *= 2;
        }
        self.disarm();
        false
    }

    /// Forgets the alarm.
    pub fn disarm(&mut self) {
        self.set_enabled(false);
    }

    /// Acknowledges the interrupt at the device. Returns whether it was ours; always true where
    /// the delivery is not by level, since only level interrupts leave a trace.
    pub fn on_interrupt(&mut self) -> bool {
        let bit = 1 << self.comparator;
        let ours = self.read(Reg::Status) & bit != 0;
        if ours {
            self.write(Reg::Status, bit);
        }
        ours || self.read(Reg::Timer(self.comparator)) & timer::LEVEL == 0
    }

    /// The first comparator that can deliver as wanted.
    fn choose(&self, delivery: Delivery) -> Result<u8, Error> {
        let mut available = 0;
        for n in 0..self.capabilities.comparators {
            let capabilities = TimerCapabilities::decode(self.read(Reg::Timer(n)));
            let fits = match delivery {
                Delivery::IoApic { pin, .. } => {
                    pin < 32 && capabilities.pins & 1u32.unbounded_shl(pin.into()) != 0
                }
                Delivery::Message { .. } => capabilities.fsb,
            };
            if fits {
                return Ok(n);
            }
            available |= capabilities.pins;
        }
        Err(match delivery {
            Delivery::IoApic { pin, .. } => Error::Pin {
                wanted: pin,
                available,
            },
            Delivery::Message { .. } => Error::NoMessages,
        })
    }

    /// Programs the delivery; the interrupt stays disabled.
    fn route(&mut self, delivery: Delivery) {
        let keep = !(timer::LEVEL
            | timer::ENABLE
            | timer::PERIODIC
            | timer::VALUE_SET
            | timer::ROUTE_MASK
            | timer::FSB);
        let mut value = self.read(Reg::Timer(self.comparator)) & keep | timer::MODE_32;
        match delivery {
            Delivery::IoApic { pin, level } => {
                value |= u64::from(pin) << timer::ROUTE_SHIFT & timer::ROUTE_MASK;
                value |= if level { timer::LEVEL } else { 0 };
            }
            Delivery::Message { address, data } => {
                value |= timer::FSB;
                self.write(
                    Reg::FsbRoute(self.comparator),
                    u64::from(address) << 32 | u64::from(data),
                );
            }
        }
        self.write(Reg::Timer(self.comparator), value);
    }

    fn set_enabled(&mut self, enabled: bool) {
        let value = self.read(Reg::Timer(self.comparator));
        if (value & timer::ENABLE != 0) != enabled {
            self.write(Reg::Timer(self.comparator), value ^ timer::ENABLE);
        }
    }

    /// A 64-bit counter, read in halves as section 2.4.7 tells: a 64-bit read may be torn.
    fn wide_counter(&self) -> u64 {
        let offset = Reg::Counter.offset();
        let before = self.mmio.read32(offset + 4);
        let low = self.mmio.read32(offset);
        let after = self.mmio.read32(offset + 4);
        // With a carry in between, the low half belongs to the new high half if it is small.
        let high = if before == after || low >> 31 == 0 {
            after
        } else {
            before
        };
        u64::from(high) << 32 | u64::from(low)
    }

    fn low_counter(&self) -> u64 {
        self.mmio.read32(Reg::Counter.offset()).into()
    }

    fn read(&self, register: Reg) -> u64 {
        self.mmio.read64(register.offset())
    }

    fn write(&mut self, register: Reg, value: u64) {
        self.mmio.write64(register.offset(), value);
    }
}
