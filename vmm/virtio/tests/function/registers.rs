// SPDX-License-Identifier: BSD-2-Clause
//! A device whose registers are written one by one; most tests take a network adapter.

use std::collections::VecDeque;

use vmm_base::{Gpa, GuestRam, Width};
use vmm_pci::Function;
use vmm_virtio::VirtioFunction;
use vmm_virtio::devices::net::{LONGEST_FRAME, Net, Network};

pub const VERSION_1: u64 = 1 << 32;
/// MTU, MAC, status; indirect descriptors, event indices; version 1.
pub const ALL_FEATURES: u64 = 1 << 3 | 1 << 5 | 1 << 16 | 1 << 28 | 1 << 29 | VERSION_1;

/// Where the parts of queue `n` are: 0x2000 times n from these.
const DESCRIPTORS: u64 = 0x1000;
const AVAILABLE: u64 = 0x2000;
const USED: u64 = 0x2400;

const MEMORY: usize = 64 << 10;

/// Where frames go to and come from.
#[derive(Debug, Default)]
pub struct Wire {
    pub sent: Vec<Vec<u8>>,
    coming: VecDeque<Vec<u8>>,
}

impl Network for Wire {
    fn send(&mut self, frame: &[u8]) {
        self.sent.push(frame.to_vec());
        self.coming.push_back(frame.to_vec());
    }

    fn flush(&mut self) {}

    fn receive(&mut self, into: &mut [u8; LONGEST_FRAME]) -> Option<usize> {
        let frame = self.coming.pop_front()?;
        into[..frame.len()].copy_from_slice(&frame);
        Some(frame.len())
    }
}

/// The device and the memory.
pub struct Device<D> {
    pub function: VirtioFunction<'static, D>,
    ram: GuestRam<'static>,
}

/// An adapter as it is at power-on.
pub fn adapter() -> Device<Net<Wire>> {
    Device::new(Net::new([2, 0, 0, 0, 0, 1], Wire::default()))
}

/// An adapter whose driver is ready.
pub fn started(features: u64) -> Device<Net<Wire>> {
    let mut device = adapter();
    device.start(features);
    device
}

impl<D: vmm_virtio::Device> Device<D> {
    /// As it is at power-on, but that messages are enabled: 0x40 plus the number of the vector.
    pub fn new(device: D) -> Self {
        let ram = GuestRam::of(Box::leak(vec![0; MEMORY / 8].into_boxed_slice()));
        let function = VirtioFunction::new(device, ram).expect("room");
        let mut device = Self { function, ram };
        device.enable_messages(true);
        device
    }

    pub fn ram(&self) -> GuestRam<'static> {
        self.ram
    }

    pub fn enable_messages(&mut self, enable: bool) {
        let at = self.capability(0x11, None);
        self.function.write_config(4, Width::Word, 0b110);
        let control = u32::from(enable) << 15;
        self.function.write_config(at + 2, Width::Word, control);
        for vector in 0..3 {
            let entry = 0x4000 + 16 * vector;
            for (offset, value) in [(0, 0xfee0_0000), (8, 0x40 + vector), (12, 0)] {
                (self.function).write_bar(0, entry + offset, Width::Dword, value);
            }
        }
    }

    /// The capability that is a window to the BAR.
    pub fn window(&mut self) -> u16 {
        self.capability(0x09, Some(5))
    }

    fn capability(&mut self, id: u32, kind: Option<u32>) -> u16 {
        let mut at = self.function.read_config(0x34, Width::Byte) as u16;
        loop {
            assert_ne!(at, 0, "no such capability");
            let kind_here = self.function.read_config(at + 3, Width::Byte);
            let is_it = kind.is_none_or(|kind| kind == kind_here);
            if self.function.read_config(at, Width::Byte) == id && is_it {
                return at;
            }
            at = self.function.read_config(at + 1, Width::Byte) as u16;
        }
    }

    pub fn get(&mut self, register: u64, width: Width) -> u64 {
        self.function.read_bar(0, register, width)
    }

    pub fn set(&mut self, register: u64, width: Width, value: u64) {
        self.function.write_bar(0, register, width, value);
    }

    pub fn status(&mut self) -> u64 {
        self.get(0x14, Width::Byte)
    }

    pub fn set_status(&mut self, status: u64) {
        self.set(0x14, Width::Byte, status);
    }

    pub fn offered(&mut self) -> u64 {
        self.set(0x00, Width::Dword, 1);
        let high = self.get(0x04, Width::Dword);
        self.set(0x00, Width::Dword, 0);
        high << 32 | self.get(0x04, Width::Dword)
    }

    pub fn accepted(&mut self) -> u64 {
        self.set(0x08, Width::Dword, 1);
        let high = self.get(0x0c, Width::Dword);
        self.set(0x08, Width::Dword, 0);
        high << 32 | self.get(0x0c, Width::Dword)
    }

    pub fn set_features(&mut self, features: u64) {
        for half in 0..2 {
            self.set(0x08, Width::Dword, half);
            let value = features >> (32 * half) & 0xffff_ffff;
            self.set(0x0c, Width::Dword, value);
        }
    }

    /// From a reset to features that are agreed on.
    pub fn negotiate(&mut self, features: u64) {
        self.set_status(0);
        self.set_status(3);
        self.set_features(features);
        self.set_status(11);
        assert_eq!(self.status(), 11);
    }

    /// Queues of their largest size, all empty.
    pub fn enable_queues(&mut self) {
        self.set(0x10, Width::Word, 0);
        for queue in 0..D::KIND.queues.len() as u64 {
            let base = 0x2000 * queue;
            self.ram
                .clear(Gpa(base + DESCRIPTORS), 0x2000)
                .expect("inside");
            self.set(0x16, Width::Word, queue);
            self.set(0x1a, Width::Word, 1 + queue);
            for (register, at) in [(0x20, DESCRIPTORS), (0x28, AVAILABLE), (0x30, USED)] {
                self.set(register, Width::Qword, base + at);
            }
            self.set(0x1c, Width::Word, 1);
            assert_eq!(self.get(0x1c, Width::Word), 1);
        }
    }

    /// From a reset to a driver that is ready.
    pub fn start(&mut self, features: u64) {
        self.negotiate(features);
        self.enable_queues();
        self.set_status(15);
    }

    /// A descriptor, whose successor is the next one in the table if it has one.
    pub fn describe(&mut self, queue: u64, index: u64, at: u64, length: u32, flags: u16) {
        let entry = Gpa(0x2000 * queue + DESCRIPTORS + 16 * index);
        let value = u128::from(at) | u128::from(length) << 64 | u128::from(flags) << 96;
        let value = value | u128::from(index + 1) << 112;
        self.ram.write(entry, &value.to_le_bytes()).expect("inside");
    }

    /// Makes a chain available.
    pub fn offer(&mut self, queue: u64, head: u16) {
        let ring = 0x2000 * queue + AVAILABLE;
        let index = self.ram.load_u16(Gpa(ring + 2)).expect("inside");
        let size = D::KIND.queues[queue as usize];
        let place = Gpa(ring + 4 + 2 * u64::from(index % size));
        self.ram.store_u16(place, head).expect("inside");
        let next = index.wrapping_add(1);
        self.ram.store_u16(Gpa(ring + 2), next).expect("inside");
    }

    pub fn notify(&mut self, queue: u64) {
        self.set(0x3000 + 4 * queue, Width::Word, queue);
    }

    /// The chain that came back last, and how much of it was written; `None` if none ever did.
    pub fn used(&self, queue: u64) -> Option<(u32, u32)> {
        let ring = 0x2000 * queue + USED;
        let index = self.ram.load_u16(Gpa(ring + 2)).expect("inside");
        let size = D::KIND.queues[queue as usize];
        let place = u64::from(index.checked_sub(1)? % size);
        let word = u64::from_le_bytes(self.ram.get(Gpa(ring + 4 + 8 * place)).expect("inside"));
        Some((word as u32, (word >> 32) as u32))
    }
}
