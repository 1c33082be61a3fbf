// SPDX-License-Identifier: BSD-2-Clause
//! Says in the journal what each notification brought, and signals the driver. Its priority is the
//! lowest, so signals gather while the driver runs.
#![no_std]
#![no_main]

use ipc_tests::Journal;
use sel4_microkit::{
    Channel, ChannelSet, Handler, Infallible, memory_region_symbol, protection_domain,
};

const DRIVER: Channel = Channel::new(0);

struct Listener(&'static Journal);

#[protection_domain]
fn init() -> Listener {
    let journal = memory_region_symbol!(journal_vaddr: *mut Journal);
    // SAFETY: the region is mapped for good, large enough, and all its users go by atomics.
    Listener(unsafe { journal.as_ref() })
}

impl Handler for Listener {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        self.0
            .push(channels.iter().map(|channel| 1 << channel.index()).sum());
        DRIVER.notify();
        Ok(())
    }
}
