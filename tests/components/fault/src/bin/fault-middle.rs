// SPDX-License-Identifier: BSD-2-Clause
//! A parent that has a parent: notes which of its children faulted and where, lets it go on behind
//! the instruction, and tells the test.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use fault_tests::Command;
use sel4_microkit::{
    Channel, Child, Handler, MessageInfo, Never, memory_region_symbol, protection_domain, set_mr,
    var,
};

struct Middle {
    command: NonNull<Command>,
    test: Channel,
}

impl Handler for Middle {
    type Error = Never;

    fn fault(&mut self, child: Child, info: MessageInfo) -> Result<Option<MessageInfo>, Never> {
        // SAFETY: the region is mapped for good and holds only atomics.
        let command = unsafe { self.command.as_ref() };
        let right = info.fault().ip() == Some(command.fault_ip.load(SeqCst));
        command
            .seen_by_middle
            .store(u64::from(right) << 32 | child.index() as u64, SeqCst);
        self.test.notify();
        // An answer to an exception sets the instruction pointer.
        set_mr(0, command.resume_ip.load(SeqCst));
        Ok(Some(MessageInfo::new(0, 1)))
    }
}

#[protection_domain]
fn init() -> Middle {
    Middle {
        command: memory_region_symbol!(command: *mut Command),
        test: Channel::new(*var!(test: usize = 0)),
    }
}
