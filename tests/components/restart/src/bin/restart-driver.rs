// SPDX-License-Identifier: BSD-2-Clause
//! A driver of the real-time clock: counts its interrupts and tells the test of every eighth. It is
//! restarted at the worst moments.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use restart_tests::Notes;
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain, var};
use sel4_vcpu::IoPort;
use test_support::rtc::Rtc;

struct Driver {
    notes: NonNull<Notes>,
    test: Channel,
    irq: Channel,
    rtc: Rtc,
}

impl Handler for Driver {
    type Error = sel4::Error;

    fn notified(&mut self, _: ChannelSet) -> Result<(), sel4::Error> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let notes = unsafe { self.notes.as_ref() };
        let count = notes.interrupts.fetch_add(1, SeqCst) + 1;
        if count % 8 == 0 {
            // The test has a higher priority: when it restarts this driver, that is right here,
            // with the interrupt taken and not acknowledged.
            self.test.notify();
        }
        self.rtc.clear()?;
        self.irq.irq_ack().expect("the capability is there");
        Ok(())
    }
}

#[protection_domain]
fn init() -> Driver {
    let driver = Driver {
        notes: memory_region_symbol!(notes: *mut Notes),
        test: Channel::new(*var!(test: usize = 0)),
        irq: Channel::new(*var!(rtc_irq: usize = 0)),
        rtc: Rtc::new(IoPort::new(*var!(rtc_ports: usize = 0))),
    };
    // SAFETY: as above.
    let notes = unsafe { driver.notes.as_ref() };
    notes.driver_boots.fetch_add(1, SeqCst);
    if notes.driver_enabled.load(SeqCst) != 0 {
        driver.rtc.start().expect("the ports are there");
    }
    driver
}
