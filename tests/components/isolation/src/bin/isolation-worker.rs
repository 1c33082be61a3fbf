// SPDX-License-Identifier: BSD-2-Clause
//! Does a piece of work when it is told to.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use isolation_tests::{Shared, work};
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};

struct Worker {
    shared: NonNull<Shared>,
    test: Channel,
}

impl Handler for Worker {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.shared.as_ref() };
        let before = shared.low_rounds.load(SeqCst);
        shared.result.store(work(), SeqCst);
        let disturbance = shared.low_rounds.load(SeqCst) - before;
        shared.disturbance.store(disturbance, SeqCst);
        shared.work.fetch_add(1, SeqCst);
        self.test.notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Worker {
    Worker {
        shared: memory_region_symbol!(shared: *mut Shared),
        test: Channel::new(*var!(test: usize = 0)),
    }
}
