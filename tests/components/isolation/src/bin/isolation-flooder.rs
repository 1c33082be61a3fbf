// SPDX-License-Identifier: BSD-2-Clause
//! Logs without a pause while it may.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use isolation_tests::Shared;
use sel4_microkit::{ChannelSet, Handler, Never, memory_region_symbol, protection_domain};

struct Flooder {
    shared: NonNull<Shared>,
}

impl Handler for Flooder {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.shared.as_ref() };
        while shared.disturb.load(SeqCst) != 0 {
            let line = shared.lines.fetch_add(1, SeqCst);
            log::info!("line {line} of a flood that nobody asked for");
        }
        Ok(())
    }
}

#[protection_domain]
fn init() -> Flooder {
    Flooder {
        shared: memory_region_symbol!(shared: *mut Shared),
    }
}
