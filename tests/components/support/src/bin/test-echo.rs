// SPDX-License-Identifier: BSD-2-Clause
//! Answers each notification with one. At the lowest priority of a system, an answer tells that
//! everybody else on the same core had nothing left to do.
#![no_std]
#![no_main]

use sel4_microkit::{ChannelSet, Handler, Never, protection_domain};

struct Echo;

impl Handler for Echo {
    type Error = Never;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Never> {
        channels.iter().for_each(|channel| channel.notify());
        Ok(())
    }
}

#[protection_domain]
fn init() -> Echo {
    Echo
}
