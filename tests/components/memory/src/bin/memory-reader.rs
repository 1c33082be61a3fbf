// SPDX-License-Identifier: BSD-2-Clause
//! Reads and writes regions as its parent orders.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use memory_tests::{MAGIC, Page, order, slot};
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};

struct Reader {
    orders: NonNull<Page>,
    read_only: NonNull<Page>,
    written: NonNull<Page>,
    firmware: NonNull<Page>,
    test: Channel,
}

impl Handler for Reader {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the regions are mapped for good and hold only atomics; where one is not writable,
        // the write faults, which is the point.
        let (orders, read_only, written, firmware) = unsafe {
            (
                self.orders.as_ref(),
                self.read_only.as_ref(),
                self.written.as_ref(),
                self.firmware.as_ref(),
            )
        };
        let answer = match orders[slot::ORDER].load(SeqCst) {
            order::WRITE => {
                written[7].store(MAGIC, SeqCst);
                MAGIC
            }
            order::SUM => read_only
                .iter()
                .fold(0, |sum, word| sum + word.load(SeqCst)),
            order::TRESPASS => {
                read_only[3].store(MAGIC, SeqCst);
                0
            }
            order::WRITE_FIRMWARE => {
                firmware[0].store(MAGIC, SeqCst);
                0
            }
            _ => u64::MAX,
        };
        orders[slot::ANSWER].store(answer, SeqCst);
        self.test.notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Reader {
    Reader {
        orders: memory_region_symbol!(orders: *mut Page),
        read_only: memory_region_symbol!(read_only: *mut Page),
        written: memory_region_symbol!(written: *mut Page),
        firmware: memory_region_symbol!(firmware: *mut Page),
        test: Channel::new(*var!(test: usize = 0)),
    }
}
