// SPDX-License-Identifier: BSD-2-Clause
//! The device: how it is found, and its registers (virtio 1.2 §4.1).

use core::ptr;

use bare::{Failure, TestResult, check, check_eq, fail, port};

use crate::ring::{Ring, SIZE};

/// Vendor and device of the entropy device.
const ID: u32 = 0x1044_1af4;

/// Features.
pub const INDIRECT_DESC: u64 = 1 << 28;
pub const EVENT_IDX: u64 = 1 << 29;
pub const VERSION_1: u64 = 1 << 32;

/// Bits of the status.
pub const DRIVER: u8 = 1 | 2;
pub const DRIVER_OK: u8 = 4;
pub const FEATURES_OK: u8 = 8;
pub const NEEDS_RESET: u8 = 64;

/// Registers of the common configuration.
pub mod register {
    pub const DEVICE_FEATURE_SELECT: usize = 0x00;
    pub const DEVICE_FEATURE: usize = 0x04;
    pub const DRIVER_FEATURE_SELECT: usize = 0x08;
    pub const DRIVER_FEATURE: usize = 0x0c;
    pub const CONFIG_VECTOR: usize = 0x10;
    pub const QUEUES: usize = 0x12;
    pub const STATUS: usize = 0x14;
    pub const QUEUE_SELECT: usize = 0x16;
    pub const QUEUE_SIZE: usize = 0x18;
    pub const QUEUE_VECTOR: usize = 0x1a;
    pub const QUEUE_ENABLE: usize = 0x1c;
    pub const QUEUE_NOTIFY_OFF: usize = 0x1e;
    pub const QUEUE_PARTS: [usize; 3] = [0x20, 0x28, 0x30];
}

/// The device.
pub struct Device {
    at: u32,
    common: usize,
    notify: usize,
    multiplier: usize,
    table: usize,
    messages: u32,
    /// The capability that is a window to the registers.
    pub window: u32,
    /// Which BAR has the common configuration, and where.
    pub common_place: (u8, u32),
}

impl Device {
    /// Finds it and turns on its memory and its messages, all of them masked.
    pub fn find() -> Result<Self, Failure> {
        let mut devices = (0..32).map(|number| number << 11 | 1 << 31);
        let Some(at) = devices.find(|at| read(*at) == ID) else {
            fail!("no entropy device");
        };
        write(at | 4, read(at | 4) | 0b110);
        let mut device = Self {
            at,
            common: 0,
            notify: 0,
            multiplier: 0,
            table: 0,
            messages: 0,
            window: 0,
            common_place: (0, 0),
        };
        let mut next = read(at | 0x34) & 0xfc;
        while next != 0 {
            let first = read(at | next);
            let word = |offset| read(at | (next + offset));
            match (first as u8, first >> 24) {
                (0x09, kind) => {
                    let bar = word(4) as u8;
                    let place = device.bar(bar) + word(8) as usize;
                    match kind {
                        1 => (device.common, device.common_place) = (place, (bar, word(8))),
                        2 => (device.notify, device.multiplier) = (place, word(16) as usize),
                        5 => device.window = next,
                        _ => {}
                    }
                }
                (0x11, _) => {
                    let table = word(4);
                    device.table = device.bar(table as u8 & 7) + (table & !7) as usize;
                    device.messages = next;
                    write(at | next, first | 1 << 31);
                }
                _ => {}
            }
            next = first >> 8 & 0xfc;
        }
        let places = [device.common, device.notify, device.table];
        check!(!places.contains(&0), "a capability is missing");
        Ok(device)
    }

    fn bar(&self, bar: u8) -> usize {
        let register = self.at | (0x10 + 4 * u32::from(bar));
        (read(register) & !0xf) as usize
    }

    /// A register of configuration space.
    pub fn config(&self, register: u32) -> u32 {
        read(self.at | register)
    }

    /// Writes one.
    pub fn set_config(&self, register: u32, value: u32) {
        write(self.at | register, value);
    }

    pub fn get8(&self, register: usize) -> u8 {
        // SAFETY: a register of the device, which can be read; likewise below.
        unsafe { ptr::read_volatile((self.common + register) as *const u8) }
    }

    pub fn get16(&self, register: usize) -> u16 {
        // SAFETY: as above.
        unsafe { ptr::read_volatile((self.common + register) as *const u16) }
    }

    pub fn get32(&self, register: usize) -> u32 {
        // SAFETY: as above.
        unsafe { ptr::read_volatile((self.common + register) as *const u32) }
    }

    pub fn set8(&self, register: usize, value: u8) {
        // SAFETY: a register of the device. It writes to `ring`'s memory only; likewise below.
        unsafe { ptr::write_volatile((self.common + register) as *mut u8, value) };
    }

    pub fn set16(&self, register: usize, value: u16) {
        // SAFETY: as above.
        unsafe { ptr::write_volatile((self.common + register) as *mut u16, value) };
    }

    pub fn set32(&self, register: usize, value: u32) {
        // SAFETY: as above.
        unsafe { ptr::write_volatile((self.common + register) as *mut u32, value) };
    }

    /// Makes the message of a vector this interrupt, masked or not.
    pub fn set_message(&self, vector: usize, interrupt: u8, masked: bool) {
        let entry = [0xfee0_0000, 0, u32::from(interrupt), u32::from(masked)];
        for (place, word) in entry.into_iter().enumerate() {
            let at = (self.table + 16 * vector + 4 * place) as *mut u32;
            // SAFETY: an entry of the table of messages, of interrupts that have a handler.
            unsafe { at.write_volatile(word) };
        }
    }

    /// Resets it.
    pub fn reset(&self) -> TestResult {
        self.set8(register::STATUS, 0);
        let done = (0..1_000_000).any(|_| self.get8(register::STATUS) == 0);
        check!(done, "the reset does not end");
        Ok(())
    }

    /// From a reset to a driver that is ready, with an empty queue whose vector is 1.
    pub fn start(&self, features: u64) -> Result<Ring, Failure> {
        self.reset()?;
        self.set8(register::STATUS, DRIVER);
        for half in 0..2_u32 {
            self.set32(register::DRIVER_FEATURE_SELECT, half);
            self.set32(register::DRIVER_FEATURE, (features >> (32 * half)) as u32);
        }
        self.set8(register::STATUS, DRIVER | FEATURES_OK);
        check_eq!(self.get8(register::STATUS), DRIVER | FEATURES_OK);
        let ring = Ring::new();
        self.set16(register::CONFIG_VECTOR, 0);
        self.set16(register::QUEUE_SELECT, 0);
        self.set16(register::QUEUE_SIZE, SIZE);
        self.set16(register::QUEUE_VECTOR, 1);
        for (register, part) in register::QUEUE_PARTS.into_iter().zip(Ring::parts()) {
            self.set32(register, part as u32);
            self.set32(register + 4, (part >> 32) as u32);
        }
        self.set16(register::QUEUE_ENABLE, 1);
        self.set8(register::STATUS, DRIVER | FEATURES_OK | DRIVER_OK);
        Ok(ring)
    }

    /// Tells it of chains.
    pub fn notify(&self) {
        let offset = usize::from(self.get16(register::QUEUE_NOTIFY_OFF));
        let at = (self.notify + offset * self.multiplier) as *mut u16;
        // SAFETY: a register of the device, as in `set8`.
        unsafe { at.write_volatile(0) };
    }
}

fn read(at: u32) -> u32 {
    port::write32(0xcf8, at & !3);
    port::read32(0xcfc)
}

fn write(at: u32, value: u32) {
    port::write32(0xcf8, at & !3);
    port::write32(0xcfc, value);
}
