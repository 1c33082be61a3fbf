// SPDX-License-Identifier: BSD-2-Clause
//! The interrupt controllers of a guest.
//!
//! * [`LocalApic`]: the local APIC of a virtual CPU, xAPIC and x2APIC, with its timer. Either all
//!   of it is software, or the CPU delivers the interrupts (APICv) and holds the registers in a
//!   [`VirtualApic`]; whoever uses it need not know which. [`Help`] tells what the CPU can do.
//! * [`IoApic`]: 24 pins for the lines of devices.
//! * [`Interrupt`]: what goes from the one to the other, and what a device's message means.
//!
//! Lines, messages and the guest's accesses go in; the next vector comes out. There are no
//! callbacks: what an access led to is asked of the model afterwards. Of several virtual CPUs, each
//! has its own [`LocalApic`], and what one sends to the others is handed out as an [`Ipi`].
//!
//! There is no legacy interrupt controller: interrupts that ask for its vector go nowhere.
//!
//! "SDM" is Intel's Software Developer's Manual (325384-083), chapters 12 of volume 3A ("APIC") and
//! 30 of volume 3C ("APIC Virtualization and Virtual Interrupts").
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod base;
mod delivery;
mod interrupt;
mod ioapic;
mod local;
mod priorities;
mod register;
mod timer;
mod vcpu;
mod vectors;
mod virtual_apic;

use core::fmt;

pub use base::{APIC_PAGE, Mode};
pub use interrupt::{DeliveryMode, Interrupt, Trigger};
pub use ioapic::{IoApic, PINS};
pub use local::{Ipi, LocalApic, Signal};
pub use vcpu::Help;
pub use virtual_apic::VirtualApic;

/// The access is a general-protection fault (#GP) of the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GeneralProtection;

impl fmt::Display for GeneralProtection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("general-protection fault")
    }
}

impl core::error::Error for GeneralProtection {}

#[cfg(test)]
mod tests;
