// SPDX-License-Identifier: BSD-2-Clause
//! A model of the device for the tests. Time passes with every access and by [`Device::advance`].

extern crate std;

use std::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use mmio::Mmio;

use crate::registers::{conf, timer};

/// One comparator.
#[derive(Clone, Debug)]
pub struct Comparator {
    pub config: u64,
    pub value: u32,
    pub message: u64,
    /// Times at which the comparator matched with its interrupt enabled.
    pub rung: Vec<u64>,
}

/// The device's side of the registers.
#[derive(Clone, Debug)]
pub struct Device {
    pub capabilities: u64,
    pub config: u64,
    pub status: u64,
    /// All 64 bits, also where the register shows 32.
    pub counter: u64,
    /// Ticks that each access takes.
    pub access_ticks: u64,
    /// A counter that never stands where it is read: each read of it jumps this far ahead.
    pub stall_ticks: u64,
    pub timers: Vec<Comparator>,
}

pub const PERIOD_10NS: u64 = 10_000_000 << 32;
const WIDE: u64 = 1 << 13;

impl Device {
    /// As QEMU's q35: 100 MHz, 64 bits, three comparators that reach pins 2, 8 and 16 to 23.
    pub fn q35() -> Self {
        Self::new(
            PERIOD_10NS | 0x8086_0001 | WIDE | 2 << 8,
            &[0x00ff_0104_0000_0030; 3],
        )
    }

    pub fn new(capabilities: u64, configs: &[u64]) -> Self {
        let comparator = |&config| Comparator {
            config,
            value: u32::MAX,
            message: 0,
            rung: Vec::new(),
        };
        Self {
            capabilities,
            config: 0,
            status: 0,
            counter: 0,
            access_ticks: 3,
            stall_ticks: 0,
            timers: configs.iter().map(comparator).collect(),
        }
    }

    pub fn advance(&mut self, ticks: u64) {
        if self.config & conf::ENABLE == 0 {
            return;
        }
        let from = self.counter;
        self.counter += ticks;
        for (n, timer) in self.timers.iter_mut().enumerate() {
            // The first moment after `from` whose low half equals the comparator.
            let wait = u64::from(timer.value.wrapping_sub(from as u32).wrapping_sub(1)) + 1;
            if wait <= ticks && timer.config & timer::ENABLE != 0 {
                timer.rung.push(from + wait);
                if timer.config & timer::LEVEL != 0 {
                    self.status |= 1 << n;
                }
            }
        }
    }

    fn read(&mut self, offset: usize) -> u64 {
        self.advance(self.access_ticks);
        match offset {
            0x00 => self.capabilities,
            0x10 => self.config,
            0x20 => self.status,
            0xf0 => {
                self.advance(self.stall_ticks);
                if self.capabilities & WIDE != 0 {
                    self.counter
                } else {
                    self.counter & 0xffff_ffff
                }
            }
            _ => {
                let Some(timer) = self.timers.get((offset - 0x100) / 0x20) else {
                    return 0;
                };
                match offset & 0x18 {
                    0x00 => timer.config,
                    0x08 => timer.value.into(),
                    _ => timer.message,
                }
            }
        }
    }

    fn write(&mut self, offset: usize, value: u64) {
        self.advance(self.access_ticks);
        match offset {
            0x10 => self.config = value,
            0x20 => self.status &= !value,
            0xf0 => self.counter = value,
            0x00 => {}
            _ => {
                let Some(timer) = self.timers.get_mut((offset - 0x100) / 0x20) else {
                    return;
                };
                let writable = 0x7f4e;
                match offset & 0x18 {
                    0x00 => timer.config = timer.config & !writable | value & writable,
                    0x08 => timer.value = value as u32,
                    _ => timer.message = value,
                }
            }
        }
    }
}

/// The registers of a device that the test keeps.
#[derive(Clone, Debug)]
pub struct Registers(pub Rc<RefCell<Device>>);

impl Registers {
    pub fn of(device: Device) -> Self {
        Self(Rc::new(RefCell::new(device)))
    }
}

impl Mmio for Registers {
    fn size(&self) -> usize {
        1024
    }
    fn read32(&self, offset: usize) -> u32 {
        let value = self.0.borrow_mut().read(offset & !7);
        if offset & 4 == 0 {
            value as u32
        } else {
            (value >> 32) as u32
        }
    }
    fn write32(&mut self, offset: usize, value: u32) {
        assert_eq!(offset & 7, 0, "the driver never writes a high half alone");
        self.0.borrow_mut().write(offset, value.into());
    }
    fn read64(&self, offset: usize) -> u64 {
        self.0.borrow_mut().read(offset)
    }
    fn write64(&mut self, offset: usize, value: u64) {
        self.0.borrow_mut().write(offset, value);
    }
}
