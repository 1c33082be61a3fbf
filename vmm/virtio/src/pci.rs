// SPDX-License-Identifier: BSD-2-Clause
//! Virtio over PCI: virtio 1.2 §4.1. A function without what was before virtio 1.0, and without
//! interrupt lines.
//!
//! All its registers are in one BAR, a page for each capability. They can also be reached through
//! configuration space, by the capability that is a window to them (§4.1.4.9).

mod capability;
mod common;

use vmm_base::{GuestRam, Message, Width};
use vmm_pci::{Bar, BuildError, ConfigSpace, Function, Identity, Location, MsiX};

use crate::Violation;
use crate::device::Device;
use crate::engine::Engine;
use capability::Window;
use common::Selectors;

/// The BAR.
const BAR: u8 = 0;
const BAR_BYTES: u64 = 0x8000;

// What is in it, a page each.
const COMMON: u64 = 0x0000;
const ISR: u64 = 0x1000;
const DEVICE: u64 = 0x2000;
const NOTIFY: u64 = 0x3000;
const TABLE: u64 = 0x4000;
const PENDING: u64 = 0x5000;
const PAGE: u64 = 0x1000;

/// Bytes between the places where two queues are notified.
const NOTIFY_MULTIPLIER: u32 = 4;

/// Bits of the ISR status: virtio 1.2 §4.1.4.5.
const ISR_QUEUE: u8 = 1;
const ISR_CONFIG: u8 = 2;

/// The vendor of all virtio devices, and the device ID of type 0.
const VENDOR: u16 = 0x1af4;
const FIRST_DEVICE: u16 = 0x1040;
/// The subsystem of a device that is not also of the time before virtio 1.0 (§4.1.2.1).
const SUBSYSTEM: u16 = 0x40;

/// A virtio device as a function on the bus of the guest whose memory it has.
///
/// A notification of the driver is served at once, within bounds. What is left over is done by
/// [`work`](Function::work); who owns the device tells it what comes from outside:
/// [`serve`](Self::serve).
#[derive(Debug)]
pub struct VirtioFunction<'a, D> {
    engine: Engine<'a, D>,
    config: ConfigSpace,
    msix: MsiX,
    selectors: Selectors,
    isr: u8,
    window: Window,
}

impl<'a, D: Device> VirtioFunction<'a, D> {
    /// Makes `device` a function. Its queues and buffers are in `ram`.
    ///
    /// # Errors
    ///
    /// None, as long as the function has room for its capabilities.
    pub fn new(device: D, ram: GuestRam<'a>) -> Result<Self, BuildError> {
        let mut config = ConfigSpace::new(Identity {
            vendor: VENDOR,
            device: FIRST_DEVICE + u16::from(D::KIND.id),
            revision: 1,
            class: D::KIND.class,
            subsystem_vendor: VENDOR,
            subsystem: SUBSYSTEM,
        });
        config.add_bar(BAR, Bar::memory64(BAR_BYTES))?;
        let location = |offset| Location {
            bar: BAR,
            offset: offset as u32,
        };
        let vectors = 1 + D::KIND.queues.len() as u16;
        let msix = MsiX::new(&mut config, vectors, location(TABLE), location(PENDING))?;
        let window = Window::declare(&mut config)?;
        Ok(Self {
            engine: Engine::new(device, ram),
            config,
            msix,
            selectors: Selectors::default(),
            isr: 0,
            window,
        })
    }

    /// The device, and so what is behind it.
    pub fn device(&self) -> &D {
        self.engine.device()
    }

    /// The device, to be changed.
    pub fn device_mut(&mut self) -> &mut D {
        self.engine.device_mut()
    }

    /// Does the driver use the device?
    pub fn is_up(&self) -> bool {
        self.engine.runs()
    }

    /// Something has come for the guest: does a bounded amount of work on all queues. What is left
    /// then is for [`work`](Function::work).
    pub fn serve(&mut self) {
        self.engine.serve_all();
        self.raise();
    }

    /// What the driver did against the rules, if it is to be told: a few times only. The device
    /// has stopped then, until the driver resets it.
    pub fn take_violation(&mut self) -> Option<Violation> {
        self.engine.take_violation()
    }

    /// Turns what the device wants to tell into messages.
    fn raise(&mut self) {
        let (queues, config) = self.engine.take_interrupts();
        if queues == 0 && !config {
            return;
        }
        if !self.msix.is_enabled(&self.config) {
            if queues != 0 {
                self.isr |= ISR_QUEUE;
            }
            if config {
                self.isr |= ISR_CONFIG;
            }
            return;
        }
        for index in (0..8).filter(|index| queues >> index & 1 != 0) {
            if let Some(queue) = self.engine.queue(index) {
                self.msix.raise(queue.vector);
            }
        }
        if config {
            self.msix.raise(self.engine.config_vector());
        }
    }

    fn read_register(&mut self, offset: u64, width: Width) -> u64 {
        let inside = offset % PAGE;
        match offset - inside {
            COMMON => self.selectors.read(&self.engine, inside, width),
            ISR if inside == 0 => core::mem::take(&mut self.isr).into(),
            DEVICE => {
                let first = inside as usize;
                (first..first + width.bytes())
                    .rev()
                    .fold(0, |value, offset| {
                        value << 8 | u64::from(self.engine.device().config(offset))
                    })
            }
            _ => self.msix.read(BAR, offset, width).unwrap_or(0),
        }
    }

    fn write_register(&mut self, offset: u64, width: Width, value: u64) {
        let inside = offset % PAGE;
        match offset - inside {
            NOTIFY => {
                self.engine
                    .notify((inside / u64::from(NOTIFY_MULTIPLIER)) as u16);
                self.raise();
            }
            COMMON => {
                let vectors = self.msix.vectors();
                self.selectors
                    .write(&mut self.engine, vectors, inside, width, value);
                self.raise();
            }
            // No device has a configuration that a driver can write.
            _ => {
                let _ = self.msix.write(BAR, offset, width, value);
            }
        }
    }
}

impl<D: Device> Function for VirtioFunction<'_, D> {
    fn config(&self) -> &ConfigSpace {
        &self.config
    }

    fn config_mut(&mut self) -> &mut ConfigSpace {
        &mut self.config
    }

    fn read_config(&mut self, offset: u16, width: Width) -> u32 {
        if let Some((register, width)) = self.window.target(&self.config, offset, width) {
            return self.read_register(register, width) as u32;
        }
        self.config.read(offset, width)
    }

    fn write_config(&mut self, offset: u16, width: Width, value: u32) {
        self.config.write(offset, width, value);
        if let Some((register, width)) = self.window.target(&self.config, offset, width) {
            self.write_register(register, width, value.into());
        }
    }

    fn read_bar(&mut self, _: u8, offset: u64, width: Width) -> u64 {
        self.read_register(offset, width) & width.mask()
    }

    fn write_bar(&mut self, _: u8, offset: u64, width: Width, value: u64) {
        self.write_register(offset, width, value);
    }

    fn take_message(&mut self) -> Option<Message> {
        self.msix.take_message(&self.config)
    }

    fn work(&mut self) -> bool {
        if self.engine.has_work() {
            self.engine.serve();
            self.raise();
        }
        self.engine.has_work()
    }
}
