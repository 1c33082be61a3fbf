// SPDX-License-Identifier: BSD-2-Clause
//! Counts the time that it runs, from when it is notified.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use domains_tests::Shared;
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};
use test_support::cpu::cycles;

/// Between two looks at the clock fewer cycles than this pass, unless somebody else ran meanwhile.
const GAP: u64 = 1_000_000;

struct Worker {
    shared: NonNull<Shared>,
    /// Also the channel to the test.
    who: usize,
}

impl Handler for Worker {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.shared.as_ref() };
        let mut last = cycles();
        while shared.stop.load(SeqCst) == 0 {
            let now = cycles();
            let passed = now.wrapping_sub(last);
            last = now;
            if passed < GAP {
                shared.cycles[self.who].fetch_add(passed, SeqCst);
            } else {
                shared.gaps[self.who].fetch_add(1, SeqCst);
            }
        }
        Channel::new(self.who).notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Worker {
    Worker {
        shared: memory_region_symbol!(shared: *mut Shared),
        who: *var!(who: usize = 0) % 2,
    }
}
