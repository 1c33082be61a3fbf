// SPDX-License-Identifier: BSD-2-Clause
//! Sends each frame back to where it came from.
#![no_std]
#![no_main]

use sel4_microkit::{ChannelSet, Handler, Infallible, protection_domain};
use switch_interface::{ChannelLink, LONGEST_FRAME, Mac, own_link};

struct Echo {
    link: ChannelLink,
    mac: Mac,
}

#[protection_domain]
fn init() -> Echo {
    match own_link!() {
        Ok(Some((link, mac, _))) => Echo { link, mac },
        Ok(None) => panic!("system.xml gives no region"),
        Err(error) => panic!("{error}"),
    }
}

impl Handler for Echo {
    type Error = Infallible;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        let mut frame = [0; LONGEST_FRAME];
        while let Some(length) = self.link.receive(&mut frame) {
            frame.copy_within(6..12, 0);
            frame[6..12].copy_from_slice(&self.mac.0);
            self.link.send(&frame[..length]);
            self.link.flush();
        }
        Ok(())
    }
}
