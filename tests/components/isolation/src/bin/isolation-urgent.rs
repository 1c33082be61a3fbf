// SPDX-License-Identifier: BSD-2-Clause
//! Has the highest priority and is woken by the real-time clock.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use isolation_tests::Shared;
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain, var};
use sel4_vcpu::IoPort;
use test_support::rtc::Rtc;

/// After so many interrupts the test is told.
const ENOUGH: u64 = 256;

struct Urgent {
    shared: NonNull<Shared>,
    test: Channel,
    irq: Channel,
    rtc: Rtc,
}

impl Handler for Urgent {
    type Error = sel4::Error;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), sel4::Error> {
        if channels.contains(self.test) {
            self.rtc.start()?;
        }
        if channels.contains(self.irq) {
            // SAFETY: the region is mapped for good and holds only atomics.
            let shared = unsafe { self.shared.as_ref() };
            if shared.interrupts.fetch_add(1, SeqCst) + 1 == ENOUGH {
                self.rtc.stop()?;
                self.test.notify();
            }
            self.rtc.clear()?;
            self.irq.irq_ack().expect("the capability is there");
        }
        Ok(())
    }
}

#[protection_domain]
fn init() -> Urgent {
    Urgent {
        shared: memory_region_symbol!(shared: *mut Shared),
        test: Channel::new(*var!(test: usize = 0)),
        irq: Channel::new(*var!(rtc_irq: usize = 0)),
        rtc: Rtc::new(IoPort::new(*var!(rtc_ports: usize = 0))),
    }
}
