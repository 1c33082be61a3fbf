// SPDX-License-Identifier: BSD-2-Clause
//! Carries out the test's orders on another core.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use sel4_microkit::{
    Channel, ChannelSet, Handler, MessageInfo, Never, memory_region_symbol, protection_domain,
    set_mr, var,
};
use smp_tests::{Order, Shared};

struct Far {
    shared: NonNull<Shared>,
    test: Channel,
    server: Channel,
}

impl Handler for Far {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.shared.as_ref() };
        shared.notifications.fetch_add(1, SeqCst);
        match shared.order() {
            Order::Answer => self.test.notify(),
            Order::Watch => {
                let sequence = shared.sequence.load(SeqCst);
                shared.seen.store(sequence, SeqCst);
            }
            Order::Rally => shared.rally(true),
            Order::CallServer => {
                while shared.rounds.load(SeqCst) != 0 {
                    set_mr(0, 0);
                    self.server.pp_call(MessageInfo::new(0, 1));
                    shared.far_calls.fetch_add(1, SeqCst);
                }
                self.test.notify();
            }
            Order::Spin => loop {
                shared.spins.fetch_add(1, SeqCst);
            },
            // SAFETY: an exception, which is the point.
            Order::Fault => unsafe { core::arch::asm!("ud2") },
        }
        Ok(())
    }
}

#[protection_domain]
fn init() -> Far {
    let far = Far {
        shared: memory_region_symbol!(shared: *mut Shared),
        test: Channel::new(*var!(test: usize = 0)),
        server: Channel::new(*var!(server: usize = 0)),
    };
    // SAFETY: as above.
    unsafe { far.shared.as_ref() }.boots.fetch_add(1, SeqCst);
    far.test.notify();
    far
}
