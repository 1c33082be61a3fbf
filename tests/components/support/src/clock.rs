// SPDX-License-Identifier: BSD-2-Clause
//! The HPET, whose first capable comparator interrupts by level at a pin of the IOAPIC.

use hpet::{Delivery, Hpet};
use mmio::MmioRegion;
use sel4_microkit::Channel;
use sel4_test::{Failure, TestResult, fail};

use crate::event::{drain, wait_for};

/// Ticks from arming to ringing: some tens of microseconds at the usual 10 to 100 MHz.
const SOON: u64 = 5000;

/// The bytes of its registers that have to be mapped.
pub const REGISTERS: usize = 0x400;

/// The HPET and its interrupt, unacknowledged interrupts swept away.
pub struct Clock {
    hpet: Hpet<MmioRegion>,
    /// Its interrupt.
    pub irq: Channel,
}

impl Clock {
    /// The HPET with these registers, routed to the pin that belongs to `irq` in system.xml.
    ///
    /// # Errors
    ///
    /// What the driver says; when the interrupt cannot be acknowledged.
    pub fn new(registers: MmioRegion, pin: u8, irq: Channel) -> Result<Self, Failure> {
        let delivery = Delivery::IoApic { pin, level: true };
        let hpet = match Hpet::new(registers, delivery) {
            Ok(hpet) => hpet,
            Err(error) => fail!("{error}"),
        };
        irq.irq_ack()?;
        drain();
        irq.irq_ack()?;
        Ok(Self { hpet, irq })
    }

    /// Lets it ring soon.
    ///
    /// # Errors
    ///
    /// When the device takes no alarm.
    pub fn arm(&mut self) -> TestResult {
        let deadline = self.hpet.now() + SOON;
        self.arm_at(deadline)
    }

    fn arm_at(&mut self, deadline: u64) -> TestResult {
        if !self.hpet.arm(deadline) {
            fail!("the HPET takes no alarm");
        }
        Ok(())
    }

    /// Spins until an alarm that was armed before has long rung.
    pub fn let_pass(&mut self) {
        let end = self.hpet.now() + 4 * SOON;
        while self.hpet.now() < end {}
    }

    /// Waits for the interrupt.
    ///
    /// # Errors
    ///
    /// When something else happens.
    pub fn wait(&self) -> TestResult {
        wait_for(self.irq)?;
        Ok(())
    }

    /// Makes the device take its line down; whether it was up.
    pub fn quiet(&mut self) -> bool {
        self.hpet.disarm();
        self.hpet.on_interrupt()
    }

    /// Sleeps for some nanoseconds, at most some seconds.
    ///
    /// # Errors
    ///
    /// As those of the steps.
    pub fn sleep(&mut self, ns: u64) -> TestResult {
        let end = self.hpet.now() + self.hpet.period().ticks(ns);
        while self.hpet.now() < end {
            self.arm_at(end)?;
            self.wait()?;
            self.quiet();
            self.irq.irq_ack()?;
        }
        Ok(())
    }
}
