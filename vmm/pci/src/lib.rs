// SPDX-License-Identifier: BSD-2-Clause
//! The PCI Express bus that a guest sees, after the 'PCI Express Base Specification', revision 5.0;
//! `§` in this crate means its sections.
//!
//! * [`ConfigSpace`]: a function's registers. What a guest may change of them is decided bit by bit
//!   when the function is made: [`Identity`], [`Bar`], capabilities.
//! * [`MsiX`]: the table of messages, and which of them are to be sent now.
//! * [`Function`]: what a device model, or a device that was passed through, offers to the bus.
//! * [`Bus`]: one bus, 0, with its host bridge; reached through the enhanced configuration window
//!   (ECAM), through the ports 0xcf8 and 0xcfc, and through what the base addresses decode.
//!
//! There is one function to a device, no bridge to another bus, no interrupt line (INTx) and no
//! I/O space. Nothing here panics for anything that a guest does, and no access allocates.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod bar;
mod bus;
mod capability;
mod config;
mod decode;
mod express;
mod function;
mod host_bridge;
mod identity;
mod msix;
mod ports;
#[cfg(test)]
mod tests;

pub use bar::Bar;
pub use bus::{Bus, DEVICES, ECAM_BYTES};
pub use capability::{EXPRESS, MSI_X, VENDOR_SPECIFIC};
pub use config::{BuildError, CONFIG_BYTES, ConfigSpace};
pub use decode::Window;
pub use function::Function;
pub use identity::Identity;
pub use msix::{Location, MAX_VECTORS, MsiX};
pub use ports::{CONFIG_PORTS, FIRST_CONFIG_PORT};
