// SPDX-License-Identifier: BSD-2-Clause
//! A function for tests, and the driver's side of configuration space.

use core::cell::RefCell;
use std::vec::Vec;

use ::pci::{Bdf, PciConfig};
use vmm_base::{Message, Width};

use crate::{Bar, Bus, ConfigSpace, Function, Identity, Location, MsiX};

pub const IDENTITY: Identity = Identity {
    vendor: 0x1af4,
    device: 0x1044,
    revision: 1,
    class: 0x10_0000,
    subsystem_vendor: 0x1af4,
    subsystem: 0x44,
};

pub const ADDRESSES: core::ops::Range<u64> = 0xc000_0000..0xe000_0000;

/// Registers in BAR 0, messages in BAR 1.
pub struct Device {
    pub config: ConfigSpace,
    pub msix: MsiX,
    pub accesses: Vec<(u8, u64, Width, Option<u64>)>,
}

impl Device {
    pub fn new(vectors: u16) -> Self {
        let mut config = ConfigSpace::new(IDENTITY);
        config.add_bar(0, Bar::memory64(0x4000)).unwrap();
        config.add_bar(2, Bar::memory32(0x1000)).unwrap();
        config.add_express(true).unwrap();
        let place = |offset| Location { bar: 2, offset };
        let msix = MsiX::new(&mut config, vectors, place(0), place(0x800)).unwrap();
        Self {
            config,
            msix,
            accesses: Vec::new(),
        }
    }
}

impl Function for Device {
    fn config(&self) -> &ConfigSpace {
        &self.config
    }

    fn config_mut(&mut self) -> &mut ConfigSpace {
        &mut self.config
    }

    fn write_config(&mut self, offset: u16, width: Width, value: u32) {
        if self.config.asks_for_reset(offset, width, value) {
            self.config.reset();
            self.msix.reset();
        } else {
            self.config.write(offset, width, value);
        }
    }

    fn read_bar(&mut self, bar: u8, offset: u64, width: Width) -> u64 {
        if let Some(value) = self.msix.read(bar, offset, width) {
            return value;
        }
        self.accesses.push((bar, offset, width, None));
        offset & width.mask()
    }

    fn write_bar(&mut self, bar: u8, offset: u64, width: Width, value: u64) {
        if self.msix.write(bar, offset, width, value).is_none() {
            self.accesses.push((bar, offset, width, Some(value)));
        }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.msix.take_message(&self.config)
    }
}

/// The way to configuration space that a driver takes.
#[derive(Clone, Copy)]
pub enum Way {
    Ecam,
    Ports,
}

/// The bus as the crate of our own drivers sees it.
pub struct Driver<'a, F> {
    pub bus: RefCell<&'a mut Bus<F>>,
    pub way: Way,
}

impl<'a, F: Function> Driver<'a, F> {
    pub fn new(bus: &'a mut Bus<F>, way: Way) -> Self {
        let bus = RefCell::new(bus);
        Self { bus, way }
    }
}

fn select(function: Bdf, offset: u16) -> u32 {
    1 << 31 | u32::from(function.0) << 8 | u32::from(offset)
}

fn ecam(function: Bdf, offset: u16) -> u64 {
    u64::from(function.0) << 12 | u64::from(offset)
}

impl<F: Function> PciConfig for Driver<'_, F> {
    fn read32(&self, function: Bdf, offset: u16) -> u32 {
        let mut bus = self.bus.borrow_mut();
        match self.way {
            Way::Ecam => bus.read_ecam(ecam(function, offset), Width::Dword) as u32,
            Way::Ports if offset > 0xff => u32::MAX,
            Way::Ports => {
                bus.write_port(0, Width::Dword, select(function, offset));
                bus.read_port(4, Width::Dword)
            }
        }
    }

    fn write32(&mut self, function: Bdf, offset: u16, value: u32) {
        let mut bus = self.bus.borrow_mut();
        match self.way {
            Way::Ecam => bus.write_ecam(ecam(function, offset), Width::Dword, value.into()),
            Way::Ports if offset > 0xff => {}
            Way::Ports => {
                bus.write_port(0, Width::Dword, select(function, offset));
                bus.write_port(4, Width::Dword, value);
            }
        }
    }
}
