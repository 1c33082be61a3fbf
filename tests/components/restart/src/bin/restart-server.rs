// SPDX-License-Identifier: BSD-2-Clause
//! A server that answers, or faults while it should.
#![no_std]
#![no_main]

use restart_tests::{ANSWERED, CRASH};
use sel4_microkit::{Channel, Handler, MessageInfo, Never, protection_domain};

struct Server;

impl Handler for Server {
    type Error = Never;

    fn protected(&mut self, _: Channel, info: MessageInfo) -> Result<MessageInfo, Never> {
        if info.label() == CRASH {
            // SAFETY: an exception, which is the point.
            unsafe { core::arch::asm!("ud2") };
        }
        Ok(MessageInfo::new(ANSWERED, 0))
    }
}

#[protection_domain]
fn init() -> Server {
    Server
}
