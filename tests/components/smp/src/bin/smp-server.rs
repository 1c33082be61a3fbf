// SPDX-License-Identifier: BSD-2-Clause
//! Counts calls. The answer: the number of the call, word 0 plus one, and the local APIC id of the
//! core that this runs on.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use sel4_microkit::{
    Channel, Handler, MessageInfo, Never, get_mr, memory_region_symbol, protection_domain, set_mr,
};
use smp_tests::Shared;
use test_support::cpu::apic_id;

struct Server(NonNull<Shared>);

impl Handler for Server {
    type Error = Never;

    fn protected(&mut self, _: Channel, _: MessageInfo) -> Result<MessageInfo, Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let shared = unsafe { self.0.as_ref() };
        let next = get_mr(0).wrapping_add(1);
        // Not atomic, on purpose: one server, one call at a time.
        let calls = shared.calls.load(SeqCst) + 1;
        shared.calls.store(calls, SeqCst);
        for (word, value) in [calls, next, apic_id().into()].into_iter().enumerate() {
            set_mr(word, value);
        }
        Ok(MessageInfo::new(0, 3))
    }
}

#[protection_domain]
fn init() -> Server {
    Server(memory_region_symbol!(shared: *mut Shared))
}
