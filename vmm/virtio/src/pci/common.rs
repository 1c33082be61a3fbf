// SPDX-License-Identifier: BSD-2-Clause
//! The registers of the common configuration: virtio 1.2 §4.1.4.3.

use vmm_base::Width;

use crate::device::Device;
use crate::engine::Engine;
use crate::setup::NO_VECTOR;

/// Bytes of the registers.
pub const BYTES: u32 = 0x40;

const DEVICE_FEATURE_SELECT: u64 = 0x00;
const DEVICE_FEATURE: u64 = 0x04;
const DRIVER_FEATURE_SELECT: u64 = 0x08;
const DRIVER_FEATURE: u64 = 0x0c;
const CONFIG_MSIX_VECTOR: u64 = 0x10;
const NUM_QUEUES: u64 = 0x12;
const DEVICE_STATUS: u64 = 0x14;
const CONFIG_GENERATION: u64 = 0x15;
const QUEUE_SELECT: u64 = 0x16;
const QUEUE_SIZE: u64 = 0x18;
const QUEUE_MSIX_VECTOR: u64 = 0x1a;
const QUEUE_ENABLE: u64 = 0x1c;
const QUEUE_NOTIFY_OFF: u64 = 0x1e;
const QUEUE_DESC: u64 = 0x20;
const QUEUE_DRIVER: u64 = 0x28;
const QUEUE_DEVICE: u64 = 0x30;
const END_OF_QUEUE: u64 = 0x38;

/// What the driver selects, by which the other registers get their meaning.
#[derive(Debug, Default)]
pub struct Selectors {
    device_feature: u32,
    driver_feature: u32,
    queue: u16,
}

impl Selectors {
    /// A read. A register has its own width only, but that the 64-bit ones are read by halves, too;
    /// other accesses read as zero.
    pub fn read<D: Device>(&self, engine: &Engine<'_, D>, offset: u64, width: Width) -> u64 {
        let queue = engine.queue(self.queue);
        match (offset, width) {
            (DEVICE_FEATURE_SELECT, Width::Dword) => self.device_feature.into(),
            (DEVICE_FEATURE, Width::Dword) => half(engine.offered(), self.device_feature),
            (DRIVER_FEATURE_SELECT, Width::Dword) => self.driver_feature.into(),
            (DRIVER_FEATURE, Width::Dword) => half(engine.features(), self.driver_feature),
            (CONFIG_MSIX_VECTOR, Width::Word) => engine.config_vector().into(),
            (NUM_QUEUES, Width::Word) => D::KIND.queues.len() as u64,
            (DEVICE_STATUS, Width::Byte) => engine.status().into(),
            // The configuration of none of the devices ever changes.
            (CONFIG_GENERATION, Width::Byte) => 0,
            (QUEUE_SELECT, Width::Word) => self.queue.into(),
            (QUEUE_SIZE, Width::Word) => queue.map_or(0, |queue| queue.layout.size.into()),
            (QUEUE_MSIX_VECTOR, Width::Word) => {
                queue.map_or(NO_VECTOR, |queue| queue.vector).into()
            }
            (QUEUE_ENABLE, Width::Word) => queue.is_some_and(|queue| queue.queue.is_some()).into(),
            // Each queue has a place of its own to be notified at.
            (QUEUE_NOTIFY_OFF, Width::Word) => self.queue.into(),
            (QUEUE_DESC..END_OF_QUEUE, _) => {
                let layout = queue.map(|queue| queue.layout).unwrap_or_default();
                let address = match offset & !7 {
                    QUEUE_DESC => layout.descriptors,
                    QUEUE_DRIVER => layout.driver,
                    QUEUE_DEVICE => layout.device,
                    _ => 0,
                };
                part(address, offset & 7, width).unwrap_or(0)
            }
            _ => 0,
        }
    }

    /// A write; as [`read`](Self::read). `vectors`: how many the function has.
    pub fn write<D: Device>(
        &mut self,
        engine: &mut Engine<'_, D>,
        vectors: u16,
        offset: u64,
        width: Width,
        value: u64,
    ) {
        let word = value as u16;
        match (offset, width) {
            (DEVICE_FEATURE_SELECT, Width::Dword) => self.device_feature = value as u32,
            (DRIVER_FEATURE_SELECT, Width::Dword) => self.driver_feature = value as u32,
            (DRIVER_FEATURE, Width::Dword) => {
                let shift = 32 * u64::from(self.driver_feature);
                if shift < 64 {
                    let others = engine.features() & !(u64::from(u32::MAX) << shift);
                    engine.set_features(others | value << shift);
                }
            }
            (CONFIG_MSIX_VECTOR, Width::Word) => {
                engine.set_config_vector(existing(word, vectors));
            }
            (DEVICE_STATUS, Width::Byte) => {
                engine.set_status(value as u8);
                if value == 0 {
                    *self = Self::default();
                }
            }
            (QUEUE_SELECT, Width::Word) => self.queue = word,
            (QUEUE_ENABLE, Width::Word) if word == 1 => engine.enable(self.queue),
            (QUEUE_SIZE | QUEUE_MSIX_VECTOR | QUEUE_DESC..END_OF_QUEUE, _) => {
                self.write_queue(engine, vectors, offset, width, value);
            }
            _ => {}
        }
    }

    fn write_queue<D: Device>(
        &self,
        engine: &mut Engine<'_, D>,
        vectors: u16,
        offset: u64,
        width: Width,
        value: u64,
    ) {
        let Some(queue) = engine.queue_mut(self.queue) else {
            return;
        };
        match (offset, width) {
            (QUEUE_MSIX_VECTOR, Width::Word) => queue.vector = existing(value as u16, vectors),
            // It is in use as it is.
            _ if queue.queue.is_some() => {}
            (QUEUE_SIZE, Width::Word) => queue.layout.size = value as u16,
            (QUEUE_DESC..END_OF_QUEUE, _) => {
                let address = match offset & !7 {
                    QUEUE_DESC => &mut queue.layout.descriptors,
                    QUEUE_DRIVER => &mut queue.layout.driver,
                    QUEUE_DEVICE => &mut queue.layout.device,
                    _ => return,
                };
                set_part(address, offset & 7, width, value);
            }
            _ => {}
        }
    }
}

/// Half of 64 bits of features; there are no more than these two.
fn half(features: u64, select: u32) -> u64 {
    match select {
        0 => features & u64::from(u32::MAX),
        1 => features >> 32,
        _ => 0,
    }
}

/// The vector that is set if `vector` is to be: none if there is no such one (§4.1.5.1.2.1).
fn existing(vector: u16, vectors: u16) -> u16 {
    if vector < vectors { vector } else { NO_VECTOR }
}

/// All of a 64-bit register, or half of it.
fn part(value: u64, offset: u64, width: Width) -> Option<u64> {
    match (offset, width) {
        (0, Width::Qword) => Some(value),
        (0 | 4, Width::Dword) => Some(value >> (8 * offset) & u64::from(u32::MAX)),
        _ => None,
    }
}

fn set_part(register: &mut u64, offset: u64, width: Width, value: u64) {
    if part(*register, offset, width).is_some() {
        let mask = width.mask() << (8 * offset);
        *register = *register & !mask | value << (8 * offset) & mask;
    }
}
