// SPDX-License-Identifier: BSD-2-Clause
//! Virtio over PCI, the driver's side: virtio 1.2 §4.1.

use std::collections::HashMap;

use virtio_drivers::transport::{self, DeviceStatus, DeviceType, InterruptStatus};
use vmm_base::Width;
use vmm_pci::Function;
use vmm_virtio::Device;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::Shared;

/// Which message a vector of the guest's is: data 0x40 plus its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vector {
    Config,
    Queue(u16),
}

/// A place in a BAR, and its length.
type Place = (u8, u64, u64);

/// A driver's way to a function.
pub struct Transport<D: Device> {
    function: Shared<D>,
    kind: DeviceType,
    common: Place,
    isr: Place,
    device: Place,
    notify: Place,
    multiplier: u64,
}

impl<D: Device> Transport<D> {
    /// Finds the registers and turns on messages: vector 0 for the configuration, 1 + n for queue n.
    pub fn new(function: Shared<D>) -> Self {
        let mut places = HashMap::new();
        let (mut multiplier, mut message_table) = (0, None);
        let config = |offset, width| function.borrow_mut().read_config(offset, width);
        assert_eq!(config(0, Width::Word), 0x1af4);
        assert_ne!(config(6, Width::Word) & 1 << 4, 0, "capabilities");
        let id = config(2, Width::Word) - 0x1040;
        let mut at = config(0x34, Width::Byte) as u16;
        while at != 0 {
            let byte = |offset| config(at + offset, Width::Byte) as u8;
            let dword = |offset| u64::from(config(at + offset, Width::Dword));
            match byte(0) {
                0x09 => {
                    assert!(byte(2) >= 16);
                    places.insert(byte(3), (byte(4), dword(8), dword(12)));
                    if byte(3) == 2 {
                        multiplier = dword(16);
                    }
                }
                0x11 => message_table = Some((at, (dword(4) & 7) as u8, dword(4) & !7)),
                other => panic!("capability {other:#x}"),
            }
            at = byte(1).into();
        }
        // Memory and bus master; messages.
        function.borrow_mut().write_config(4, Width::Word, 0b110);
        let (at, bar, table) = message_table.expect("MSI-X");
        let control = function.borrow_mut().read_config(at + 2, Width::Word);
        for vector in 0..u64::from(control & 0x7ff) + 1 {
            let entry = table + 16 * vector;
            let mut function = function.borrow_mut();
            function.write_bar(bar, entry, Width::Dword, 0xfee0_0000);
            function.write_bar(bar, entry + 4, Width::Dword, 0);
            function.write_bar(bar, entry + 8, Width::Dword, 0x40 + vector);
            function.write_bar(bar, entry + 12, Width::Dword, 0);
        }
        let enable = control | 1 << 15;
        function
            .borrow_mut()
            .write_config(at + 2, Width::Word, enable);
        Self {
            kind: DeviceType::try_from(id as u16).expect("a type"),
            common: places[&1],
            notify: places[&2],
            isr: places[&3],
            device: places[&4],
            multiplier,
            function,
        }
    }

    /// The vectors that were raised since the last call.
    pub fn interrupts(function: &Shared<D>) -> Vec<Vector> {
        std::iter::from_fn(|| function.borrow_mut().take_message())
            .map(|message| {
                assert_eq!(message.address, 0xfee0_0000);
                match message.data - 0x40 {
                    0 => Vector::Config,
                    vector => Vector::Queue(vector as u16 - 1),
                }
            })
            .collect()
    }

    pub fn get(&self, place: Place, offset: u64, width: Width) -> u64 {
        assert!(offset + width.bytes() as u64 <= place.2, "a register");
        let mut function = self.function.borrow_mut();
        function.read_bar(place.0, place.1 + offset, width)
    }

    pub fn set(&self, place: Place, offset: u64, width: Width, value: u64) {
        assert!(offset + width.bytes() as u64 <= place.2, "a register");
        let mut function = self.function.borrow_mut();
        function.write_bar(place.0, place.1 + offset, width, value);
    }

    fn select(&self, queue: u16) {
        self.set(self.common, 0x16, Width::Word, queue.into());
    }
}

impl<D: Device> transport::Transport for Transport<D> {
    fn device_type(&self) -> DeviceType {
        self.kind
    }

    fn read_device_features(&mut self) -> u64 {
        (0..2).fold(0, |features, half| {
            self.set(self.common, 0, Width::Dword, half);
            features | self.get(self.common, 4, Width::Dword) << (32 * half)
        })
    }

    fn write_driver_features(&mut self, features: u64) {
        for half in 0..2 {
            self.set(self.common, 8, Width::Dword, half);
            let value = features >> (32 * half) & 0xffff_ffff;
            self.set(self.common, 0xc, Width::Dword, value);
        }
    }

    fn max_queue_size(&mut self, queue: u16) -> u32 {
        self.select(queue);
        self.get(self.common, 0x18, Width::Word) as u32
    }

    fn notify(&mut self, queue: u16) {
        self.select(queue);
        let offset = self.get(self.common, 0x1e, Width::Word) * self.multiplier;
        self.set(self.notify, offset, Width::Word, queue.into());
    }

    fn get_status(&self) -> DeviceStatus {
        DeviceStatus::from_bits_retain(self.get(self.common, 0x14, Width::Byte) as u32)
    }

    fn set_status(&mut self, status: DeviceStatus) {
        self.set(self.common, 0x14, Width::Byte, status.bits().into());
        if status.contains(DeviceStatus::FEATURES_OK) {
            assert!(self.get_status().contains(DeviceStatus::FEATURES_OK));
        }
    }

    fn set_guest_page_size(&mut self, _: u32) {}

    fn requires_legacy_layout(&self) -> bool {
        false
    }

    fn queue_set(
        &mut self,
        queue: u16,
        size: u32,
        descriptors: u64,
        driver_area: u64,
        device_area: u64,
    ) {
        self.select(queue);
        self.set(self.common, 0x18, Width::Word, size.into());
        let vector = u64::from(queue) + 1;
        self.set(self.common, 0x10, Width::Word, 0);
        self.set(self.common, 0x1a, Width::Word, vector);
        assert_eq!(self.get(self.common, 0x1a, Width::Word), vector);
        for (offset, address) in [
            (0x20, descriptors),
            (0x28, driver_area),
            (0x30, device_area),
        ] {
            self.set(self.common, offset, Width::Dword, address & 0xffff_ffff);
            self.set(self.common, offset + 4, Width::Dword, address >> 32);
        }
        self.set(self.common, 0x1c, Width::Word, 1);
        assert_eq!(self.get(self.common, 0x1c, Width::Word), 1);
    }

    fn queue_unset(&mut self, _: u16) {
        // Without VIRTIO_F_RING_RESET only a reset of the device does that.
    }

    fn queue_used(&mut self, queue: u16) -> bool {
        self.select(queue);
        self.get(self.common, 0x1c, Width::Word) != 0
    }

    fn ack_interrupt(&mut self) -> InterruptStatus {
        InterruptStatus::from_bits_retain(self.get(self.isr, 0, Width::Byte) as u32)
    }

    fn read_config_generation(&self) -> u32 {
        self.get(self.common, 0x15, Width::Byte) as u32
    }

    fn read_config_space<T: FromBytes + IntoBytes>(
        &self,
        offset: usize,
    ) -> virtio_drivers::Result<T> {
        let mut value = T::new_zeroed();
        for (place, byte) in value.as_mut_bytes().iter_mut().enumerate() {
            *byte = self.get(self.device, (offset + place) as u64, Width::Byte) as u8;
        }
        Ok(value)
    }

    fn write_config_space<T: IntoBytes + Immutable>(
        &mut self,
        offset: usize,
        value: T,
    ) -> virtio_drivers::Result<()> {
        for (place, byte) in value.as_bytes().iter().enumerate() {
            let offset = (offset + place) as u64;
            self.set(self.device, offset, Width::Byte, (*byte).into());
        }
        Ok(())
    }
}

impl<D: Device> Drop for Transport<D> {
    fn drop(&mut self) {
        // As a driver does when it goes, so that the device uses no memory any more.
        self.set(self.common, 0x14, Width::Byte, 0);
    }
}
