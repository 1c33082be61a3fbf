// SPDX-License-Identifier: BSD-2-Clause
//! Writes to the journal whenever it is signalled. Its priority is between server and driver.
#![no_std]
#![no_main]

use ipc_tests::Journal;
use sel4_microkit::{ChannelSet, Handler, Infallible, memory_region_symbol, protection_domain};

struct Meddler(&'static Journal);

#[protection_domain(stack_size = 0x1000)]
fn init() -> Meddler {
    let journal = memory_region_symbol!(journal_vaddr: *mut Journal);
    // SAFETY: the region is mapped for good, large enough, and all its users go by atomics.
    Meddler(unsafe { journal.as_ref() })
}

impl Handler for Meddler {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        channels
            .iter()
            .for_each(|channel| self.0.push(100 + channel.index() as u64));
        Ok(())
    }
}
