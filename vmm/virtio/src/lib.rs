// SPDX-License-Identifier: BSD-2-Clause
//! Virtio devices for guests, after 'Virtual I/O Device (VIRTIO) Version 1.2'; `§` in this crate
//! means its sections.
//!
//! * [`queue`]: split virtqueues in the guest's memory, from the device's side.
//! * [`Device`]: a kind of device; [`devices`] has console, disk, network adapter and entropy, each
//!   with the trait of what is behind it.
//! * [`VirtioFunction`]: a device as a function on the guest's PCI bus.
//!
//! A guest's driver is hostile. Each rule is checked on what was read once; a driver that breaks one
//! stops its own device, which asks for a reset and says why, a few times
//! ([`VirtioFunction::take_violation`]). One notification costs a bounded time: so many chains of so
//! many bytes; what is left is done when the bus has time (`Function::work`).
//!
//! Not there: packed queues, what was before virtio 1.0, offloads, several queues for one purpose,
//! resets of single queues.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod device;
pub mod devices;
mod engine;
mod pci;
pub mod queue;
mod setup;
mod status;
#[cfg(test)]
mod testing;
mod violation;

pub use device::{Device, Kind};
pub use pci::VirtioFunction;
pub use violation::Violation;
