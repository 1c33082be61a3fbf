// SPDX-License-Identifier: BSD-2-Clause
//! A server that tells the test of each call and answers when it may.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use restart_tests::{ANSWERED, Notes};
use sel4_microkit::{
    Channel, Handler, MessageInfo, Never, memory_region_symbol, protection_domain, var,
};

struct SlowServer {
    notes: NonNull<Notes>,
    test: Channel,
}

impl Handler for SlowServer {
    type Error = Never;

    fn protected(&mut self, _: Channel, _: MessageInfo) -> Result<MessageInfo, Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let notes = unsafe { self.notes.as_ref() };
        self.test.notify();
        while notes.release.load(SeqCst) == 0 {}
        notes.slow_answers.fetch_add(1, SeqCst);
        Ok(MessageInfo::new(ANSWERED, 0))
    }
}

#[protection_domain]
fn init() -> SlowServer {
    SlowServer {
        notes: memory_region_symbol!(notes: *mut Notes),
        test: Channel::new(*var!(test: usize = 0)),
    }
}
