// SPDX-License-Identifier: BSD-2-Clause
//! Faults as its parent orders, and tells when it has survived.
#![no_std]
#![no_main]

use core::ptr::NonNull;

use fault_tests::{Command, carry_out};
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};

struct Child {
    command: NonNull<Command>,
    parent: Channel,
}

impl Handler for Child {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        carry_out(unsafe { self.command.as_ref() });
        self.parent.notify();
        Ok(())
    }
}

#[protection_domain]
fn init() -> Child {
    Child {
        command: memory_region_symbol!(command: *mut Command),
        parent: Channel::new(*var!(parent: usize = 0)),
    }
}
