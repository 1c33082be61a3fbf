// SPDX-License-Identifier: BSD-2-Clause
//! The HPET, whose first capable comparator interrupts by level at a pin of the IOAPIC.

use core::ptr::NonNull;

use hpet::{Delivery, Hpet};
use mmio::MmioRegion;
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::{Failure, TestResult, fail};
use test_support::event::{drain, wait_for};

/// The pin that system.xml names.
const PIN: u8 = 20;

/// Ticks from arming to ringing: some tens of microseconds at the usual 10 to 100 MHz.
const SOON: u64 = 5000;

const REGISTERS: usize = 0x400;

/// The HPET and its interrupt, unacknowledged interrupts swept away.
pub struct Clock {
    hpet: Hpet<MmioRegion>,
    pub irq: Channel,
}

impl Clock {
    /// Finds the HPET.
    pub fn new() -> Result<Self, Failure> {
        let base: NonNull<u8> = memory_region_symbol!(hpet_registers: *mut u8);
        // SAFETY: system.xml maps the registers, uncached, to this protection domain alone; tests
        // run one after the other and each drops its `Clock`.
        let region = unsafe { MmioRegion::new(base, REGISTERS) };
        let delivery = Delivery::IoApic {
            pin: PIN,
            level: true,
        };
        let hpet = match Hpet::new(region, delivery) {
            Ok(hpet) => hpet,
            Err(error) => fail!("{error}"),
        };
        let irq = Channel::new(*var!(hpet_irq: usize = 0));
        irq.irq_ack()?;
        drain();
        irq.irq_ack()?;
        Ok(Self { hpet, irq })
    }

    /// Lets it ring soon.
    pub fn arm(&mut self) -> TestResult {
        let deadline = self.hpet.now() + SOON;
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
    pub fn wait(&self) -> TestResult {
        wait_for(self.irq)?;
        Ok(())
    }

    /// Makes the device take its line down; whether it was up.
    pub fn quiet(&mut self) -> bool {
        self.hpet.disarm();
        self.hpet.on_interrupt()
    }
}
