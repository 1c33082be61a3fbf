// SPDX-License-Identifier: BSD-2-Clause
//! The functions on the guest's PCI bus.

use vmm_base::{Message, Width};
use vmm_pci::{ConfigSpace, Function};
use vmm_virtio::devices::block::{Block, MemoryMedium};
use vmm_virtio::devices::console::Console;
use vmm_virtio::devices::entropy::Entropy;
use vmm_virtio::devices::net::Net;
use vmm_virtio::{Violation, VirtioFunction};

use crate::backend::{Processor, Switch};
use crate::tty::Tty;

/// A function on the bus.
#[derive(Debug)]
pub enum Device {
    /// The console.
    Console(VirtioFunction<'static, Console<Tty>>),
    /// The disk.
    Disk(VirtioFunction<'static, Block<MemoryMedium<'static>>>),
    /// The network adapter.
    Network(VirtioFunction<'static, Net<Switch>>),
    /// The source of random numbers.
    Entropy(VirtioFunction<'static, Entropy<Processor>>),
}

/// Does the same with whatever it is.
macro_rules! each {
    ($device:expr, $function:ident => $call:expr) => {
        match $device {
            Device::Console($function) => $call,
            Device::Disk($function) => $call,
            Device::Network($function) => $call,
            Device::Entropy($function) => $call,
        }
    };
}

impl Device {
    /// For people.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Console(_) => "console",
            Self::Disk(_) => "disk",
            Self::Network(_) => "network adapter",
            Self::Entropy(_) => "entropy",
        }
    }

    /// Does the guest use it?
    pub fn is_up(&self) -> bool {
        each!(self, function => function.is_up())
    }

    /// Something has come for the guest.
    pub fn serve(&mut self) {
        each!(self, function => function.serve());
    }

    /// What its driver did against the rules, if that is to be told.
    pub fn take_violation(&mut self) -> Option<Violation> {
        each!(self, function => function.take_violation())
    }
}

impl Function for Device {
    fn config(&self) -> &ConfigSpace {
        each!(self, function => function.config())
    }

    fn config_mut(&mut self) -> &mut ConfigSpace {
        each!(self, function => function.config_mut())
    }

    fn read_config(&mut self, offset: u16, width: Width) -> u32 {
        each!(self, function => function.read_config(offset, width))
    }

    fn write_config(&mut self, offset: u16, width: Width, value: u32) {
        each!(self, function => function.write_config(offset, width, value));
    }

    fn read_bar(&mut self, bar: u8, offset: u64, width: Width) -> u64 {
        each!(self, function => function.read_bar(bar, offset, width))
    }

    fn write_bar(&mut self, bar: u8, offset: u64, width: Width, value: u64) {
        each!(self, function => function.write_bar(bar, offset, width, value));
    }

    fn take_message(&mut self) -> Option<Message> {
        each!(self, function => function.take_message())
    }

    fn work(&mut self) -> bool {
        let more = each!(self, function => function.work());
        if let Some(violation) = self.take_violation() {
            log::warn!("virtio {}: {violation}; it waits for a reset", self.name());
        }
        more
    }
}
