// SPDX-License-Identifier: BSD-2-Clause
//! A driver of the real-time clock on another core than the one that interrupts go to.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain, var};
use sel4_vcpu::IoPort;
use smp_tests::Shared;
use test_support::{cpu::apic_id, rtc::Rtc};

struct Driver {
    shared: NonNull<Shared>,
    test: Channel,
    irq: Channel,
    rtc: Rtc,
}

impl Handler for Driver {
    type Error = sel4::Error;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), sel4::Error> {
        if channels.contains(self.test) {
            self.rtc.start()?;
        }
        if channels.contains(self.irq) {
            // SAFETY: the region is mapped for good and holds only atomics.
            let shared = unsafe { self.shared.as_ref() };
            shared
                .interrupt_core
                .store(u64::from(apic_id()) + 1, SeqCst);
            if shared.interrupts.fetch_add(1, SeqCst) + 1 == shared.rounds.load(SeqCst) {
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
fn init() -> Driver {
    Driver {
        shared: memory_region_symbol!(shared: *mut Shared),
        test: Channel::new(*var!(test: usize = 0)),
        irq: Channel::new(*var!(rtc_irq: usize = 0)),
        rtc: Rtc::new(IoPort::new(*var!(rtc_ports: usize = 0))),
    }
}
