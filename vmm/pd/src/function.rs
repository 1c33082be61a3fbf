// SPDX-License-Identifier: BSD-2-Clause
//! The functions on the guest's PCI bus.

use vmm_base::{Message, Width};
use vmm_pci::{ConfigSpace, Function};
use vmm_virtio::VirtioFunction;
use vmm_virtio::devices::console::Console;

use crate::tty::Tty;

/// A function on the bus.
#[derive(Debug)]
pub enum Device {
    /// The console.
    Console(VirtioFunction<'static, Console<Tty>>),
}

impl Device {
    /// Does the guest use it?
    pub fn is_up(&self) -> bool {
        match self {
            Self::Console(function) => function.is_up(),
        }
    }

    /// Something has come for the guest.
    pub fn serve(&mut self) {
        match self {
            Self::Console(function) => function.serve(),
        }
    }
}

macro_rules! forward {
    ($self:ident, $function:ident => $call:expr) => {
        match $self {
            Self::Console($function) => $call,
        }
    };
}

impl Function for Device {
    fn config(&self) -> &ConfigSpace {
        forward!(self, function => function.config())
    }

    fn config_mut(&mut self) -> &mut ConfigSpace {
        forward!(self, function => function.config_mut())
    }

    fn read_config(&mut self, offset: u16, width: Width) -> u32 {
        forward!(self, function => function.read_config(offset, width))
    }

    fn write_config(&mut self, offset: u16, width: Width, value: u32) {
        forward!(self, function => function.write_config(offset, width, value));
    }

    fn read_bar(&mut self, bar: u8, offset: u64, width: Width) -> u64 {
        forward!(self, function => function.read_bar(bar, offset, width))
    }

    fn write_bar(&mut self, bar: u8, offset: u64, width: Width, value: u64) {
        forward!(self, function => function.write_bar(bar, offset, width, value));
    }

    fn take_message(&mut self) -> Option<Message> {
        forward!(self, function => function.take_message())
    }

    fn work(&mut self) -> bool {
        forward!(self, function => function.work())
    }
}
