// SPDX-License-Identifier: BSD-2-Clause
//! A driver's side of one queue, which can write anything. It shares no code with the device's side.

use std::boxed::Box;
use std::vec;
use std::vec::Vec;

use vmm_base::{Gpa, GuestRam};

use crate::queue::{Layout, Queue};

pub const NEXT: u16 = 1;
pub const WRITE: u16 = 2;
pub const INDIRECT: u16 = 4;

const MEMORY: usize = 0x20000;
const DESCRIPTORS: u64 = 0x0;
const AVAILABLE: u64 = 0x400;
const USED: u64 = 0x800;

/// A queue of a driver in 128 KiB of memory: its parts are in the first 4 KiB.
pub struct Driver {
    ram: GuestRam<'static>,
    size: u16,
}

impl Driver {
    /// A queue of this size. Its memory is never freed: it is a test's.
    pub fn new(size: u16) -> Self {
        let ram = GuestRam::of(Box::leak(vec![0; MEMORY / 8].into_boxed_slice()));
        Self { ram, size }
    }

    pub fn ram(&self) -> GuestRam<'static> {
        self.ram
    }

    pub fn layout(&self) -> Layout {
        Layout {
            size: self.size,
            descriptors: DESCRIPTORS,
            driver: AVAILABLE,
            device: USED,
        }
    }

    /// The device's side of it.
    pub fn queue(&self, features: u64) -> Queue {
        Queue::new(&self.layout(), features, &self.ram).expect("a possible queue")
    }

    pub fn describe(&self, index: u16, at: u64, length: u32, flags: u16, next: u16) {
        self.describe_in(DESCRIPTORS, index, at, length, flags, next);
    }

    pub fn describe_in(&self, table: u64, index: u16, at: u64, length: u32, flags: u16, next: u16) {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&at.to_le_bytes());
        bytes[8..12].copy_from_slice(&length.to_le_bytes());
        bytes[12..14].copy_from_slice(&flags.to_le_bytes());
        bytes[14..].copy_from_slice(&next.to_le_bytes());
        let entry = Gpa(table + 16 * u64::from(index));
        self.ram.write(entry, &bytes).expect("inside");
    }

    /// Makes a chain available.
    pub fn offer(&self, head: u16) {
        let index = self.get(AVAILABLE + 2);
        let place = u64::from(index % self.size);
        self.set(AVAILABLE + 4 + 2 * place, head);
        self.set_available_index(index.wrapping_add(1));
    }

    pub fn set_available_flags(&self, flags: u16) {
        self.set(AVAILABLE, flags);
    }

    pub fn set_available_index(&self, index: u16) {
        self.set(AVAILABLE + 2, index);
    }

    pub fn set_used_event(&self, index: u16) {
        self.set(AVAILABLE + 4 + 2 * u64::from(self.size), index);
    }

    /// Does the device want to hear that the available index went from `old` to `new`?
    pub fn wants_notification(&self, features: u64, old: u16, new: u16) -> bool {
        if features & 1 << 29 == 0 {
            return self.get(USED) & 1 == 0;
        }
        let event = self.get(USED + 4 + 8 * u64::from(self.size));
        // Is the event's index among those that were added?
        (0..new.wrapping_sub(old)).any(|step| old.wrapping_add(step) == event)
    }

    /// All that came back so far, which is no more than the queue's size.
    pub fn used(&self) -> Vec<(u32, u32)> {
        let element = |place: u16| {
            let at = Gpa(USED + 4 + 8 * u64::from(place));
            let word = u64::from_le_bytes(self.ram.get(at).expect("inside"));
            (word as u32, (word >> 32) as u32)
        };
        (0..self.get(USED + 2)).map(element).collect()
    }

    fn get(&self, at: u64) -> u16 {
        u16::from_le_bytes(self.ram.get(Gpa(at)).expect("inside"))
    }

    fn set(&self, at: u64, value: u16) {
        self.ram
            .write(Gpa(at), &value.to_le_bytes())
            .expect("inside");
    }
}
