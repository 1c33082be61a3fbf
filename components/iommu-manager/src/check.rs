// SPDX-License-Identifier: BSD-2-Clause
//! What stands against giving grants. The first thing found is told.

use core::fmt::{Display, Write};

use dmar::{Dmar, Flat, Obstacle};
use heapless::String;
use image_spec::dma_grants::{Interrupt, Table, end};
use iommu_manager_interface::Refusal;
use mmio::Mmio;
use pci::Bdf;
use vtd::{Missing, Needs};

use crate::manager::MAX_DEVICES;
use crate::start::Units;

/// That no grants are given, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    pub refusal: Refusal,
    pub words: String<104>,
}

impl Refused {
    pub fn new(refusal: Refusal, why: impl Display) -> Self {
        let mut words = String::new();
        // What does not fit is left out.
        let _ = write!(words, "{why}");
        Self { refusal, words }
    }
}

impl From<Missing> for Refused {
    fn from(missing: Missing) -> Self {
        let refusal = match missing {
            Missing::Unit(_) => Refusal::NoUnit,
            Missing::InterruptRemapping => Refusal::InterruptRemapping,
            Missing::ExtendedInterruptMode => Refusal::ExtendedInterrupts,
            _ => Refusal::Lacking,
        };
        Self::new(refusal, missing)
    }
}

/// The DMAR table in a region that is all zero if there is none.
pub fn dmar(region: &[u8]) -> Result<Dmar<'_>, Refused> {
    if region.iter().all(|&byte| byte == 0) {
        return Err(Refused::new(Refusal::NoDmar, Refusal::NoDmar));
    }
    Dmar::parse(region).map_err(|error| Refused::new(Refusal::BrokenDmar, error))
}

/// Whether a machine can do what `table` asks.
pub fn check<R: Mmio>(
    dmar: &Dmar<'_>,
    units: &Units<R>,
    table: &Table<'_>,
    x2apic: bool,
) -> Result<(), Refused> {
    if table.devices().len() > MAX_DEVICES {
        let words = format_args!("grants for more than {MAX_DEVICES} devices");
        return Err(Refused::new(Refusal::Grants, words));
    }
    if let Some(address) = dmar.disagrees(units.iter().map(|(address, _)| *address)) {
        let words = format_args!(
            "the system description and the DMAR table disagree about an IOMMU at {address:#x}"
        );
        return Err(Refused::new(Refusal::UnknownUnit, words));
    }
    let devices = table.devices().iter();
    let ends = devices.map(|device| end(table.grants(device)));
    let needs = Needs {
        // The driver numbers domains from 1.
        max_domain: table.devices().len() as u16,
        address_end: ends.max().unwrap_or(0),
        x2apic,
    };
    let mut lacking = units.iter().flat_map(|(_, unit)| needs.missing(unit));
    if let Some(missing) = lacking.next() {
        return Err(missing.into());
    }
    if !dmar.interrupt_remapping() {
        let words = "the DMAR table says that interrupts cannot be remapped";
        return Err(Refused::new(Refusal::InterruptRemapping, words));
    }
    for device in table.devices() {
        let id = Bdf(device.requester.get());
        if let Some(obstacle) = dmar.obstacles(0, id, &Flat).next() {
            let refusal = match obstacle {
                Obstacle::Reserved(_) | Obstacle::MayBeReserved(_) => Refusal::ReservedMemory,
                _ => Refusal::Device,
            };
            return Err(Refused::new(refusal, format_args!("{id}: {obstacle}")));
        }
    }
    if !table.ioapic_remapped() && table.interrupts().iter().any(Interrupt::is_pin) {
        return Err(Refused::new(Refusal::IoApic, Refusal::IoApic));
    }
    Ok(())
}
