// SPDX-License-Identifier: BSD-2-Clause
//! Loops without a pause while it may, counting its rounds under its name.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use isolation_tests::Shared;
use sel4_microkit::{ChannelSet, Handler, Never, memory_region_symbol, pd_name, protection_domain};

struct Looper {
    shared: NonNull<Shared>,
}

impl Handler for Looper {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.shared.as_ref() };
        let rounds = match pd_name() {
            Ok("same-looper") => &shared.same_rounds,
            _ => &shared.low_rounds,
        };
        while shared.disturb.load(SeqCst) != 0 {
            rounds.fetch_add(1, SeqCst);
        }
        Ok(())
    }
}

#[protection_domain]
fn init() -> Looper {
    Looper {
        shared: memory_region_symbol!(shared: *mut Shared),
    }
}
