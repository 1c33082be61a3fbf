// SPDX-License-Identifier: BSD-2-Clause
//! Answers notifications and calls, in a domain of its own.
#![no_std]
#![no_main]

use sel4_microkit::{Channel, ChannelSet, Handler, MessageInfo, Never, protection_domain};

struct Server;

impl Handler for Server {
    type Error = Never;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Never> {
        channels.iter().for_each(|channel| channel.notify());
        Ok(())
    }

    fn protected(&mut self, _: Channel, info: MessageInfo) -> Result<MessageInfo, Never> {
        Ok(MessageInfo::new(info.label() + 1, 0))
    }
}

#[protection_domain]
fn init() -> Server {
    Server
}
