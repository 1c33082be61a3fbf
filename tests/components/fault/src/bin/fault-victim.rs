// SPDX-License-Identifier: BSD-2-Clause
//! Has no parent, and writes where nothing is when it is told to.
#![no_std]
#![no_main]

use sel4_microkit::{ChannelSet, Handler, Never, protection_domain};

struct Victim;

impl Handler for Victim {
    type Error = Never;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Never> {
        touch_forbidden_page();
        // Not reached: the test listens for it.
        channels.iter().for_each(|channel| channel.notify());
        Ok(())
    }
}

#[inline(never)]
fn touch_forbidden_page() {
    // SAFETY: a fault, which is the point; nothing is mapped there.
    unsafe { (0xdead_0000 as *mut u8).write_volatile(1) };
}

#[protection_domain]
fn init() -> Victim {
    Victim
}
