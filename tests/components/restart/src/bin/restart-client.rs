// SPDX-License-Identifier: BSD-2-Clause
//! Calls the server when it is told to and notes the answer.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use restart_tests::Notes;
use sel4_microkit::{
    Channel, ChannelSet, Handler, MessageInfo, Never, memory_region_symbol, protection_domain, var,
};

struct Client {
    notes: NonNull<Notes>,
    test: Channel,
    server: Channel,
}

impl Handler for Client {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let notes = unsafe { self.notes.as_ref() };
        let label = notes.call_label.load(SeqCst);
        let answer = self.server.pp_call(MessageInfo::new(label, 3));
        notes.answer_label.store(answer.label(), SeqCst);
        notes.answer_count.store(answer.count() as u64, SeqCst);
        self.test.notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Client {
    Client {
        notes: memory_region_symbol!(notes: *mut Notes),
        test: Channel::new(*var!(test: usize = 0)),
        server: Channel::new(*var!(server: usize = 0)),
    }
}
