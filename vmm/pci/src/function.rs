// SPDX-License-Identifier: BSD-2-Clause
//! What sits on the bus.

use alloc::boxed::Box;

use vmm_base::{Message, Width};

use crate::ConfigSpace;

/// A function: a device model, or a real device that was passed through.
///
/// The bus has checked what it hands over: an access to a BAR is wholly inside, and memory decoding
/// is on. `offset` need not be a multiple of the width. What of a BAR is mapped straight into the
/// guest never comes here; [`Bus::windows`](crate::Bus::windows) tells where that has to be mapped.
pub trait Function {
    /// Its configuration space.
    fn config(&self) -> &ConfigSpace;

    /// Its configuration space, to be changed.
    fn config_mut(&mut self) -> &mut ConfigSpace;

    /// The guest reads configuration space. Only functions with registers that are not simply
    /// stored have a way of their own.
    fn read_config(&mut self, offset: u16, width: Width) -> u32 {
        self.config().read(offset, width)
    }

    /// The guest writes configuration space.
    fn write_config(&mut self, offset: u16, width: Width, value: u32) {
        self.config_mut().write(offset, width, value);
    }

    /// The guest reads. Bits beyond `width` are 0.
    fn read_bar(&mut self, bar: u8, offset: u64, width: Width) -> u64;

    /// The guest writes. Bits of `value` beyond `width` are 0.
    fn write_bar(&mut self, bar: u8, offset: u64, width: Width, value: u64);

    /// The next message that it wants to send, until there is none.
    fn take_message(&mut self) -> Option<Message>;

    /// Does a bounded part of what accesses of the guest have left to be done. Returns whether there
    /// is more. To be asked after accesses, before [`take_message`](Self::take_message).
    fn work(&mut self) -> bool {
        false
    }
}

impl<F: Function + ?Sized> Function for Box<F> {
    fn config(&self) -> &ConfigSpace {
        (**self).config()
    }

    fn config_mut(&mut self) -> &mut ConfigSpace {
        (**self).config_mut()
    }

    fn read_config(&mut self, offset: u16, width: Width) -> u32 {
        (**self).read_config(offset, width)
    }

    fn write_config(&mut self, offset: u16, width: Width, value: u32) {
        (**self).write_config(offset, width, value);
    }

    fn read_bar(&mut self, bar: u8, offset: u64, width: Width) -> u64 {
        (**self).read_bar(bar, offset, width)
    }

    fn write_bar(&mut self, bar: u8, offset: u64, width: Width, value: u64) {
        (**self).write_bar(bar, offset, width, value);
    }

    fn take_message(&mut self) -> Option<Message> {
        (**self).take_message()
    }

    fn work(&mut self) -> bool {
        (**self).work()
    }
}
