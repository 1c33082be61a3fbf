// SPDX-License-Identifier: BSD-2-Clause
//! Answers calls.
#![no_std]
#![no_main]

use sel4_microkit::{Channel, Handler, MessageInfo, Never, protection_domain};

struct Server;

impl Handler for Server {
    type Error = Never;

    fn protected(&mut self, _: Channel, info: MessageInfo) -> Result<MessageInfo, Never> {
        Ok(info)
    }
}

#[protection_domain]
fn init() -> Server {
    Server
}
