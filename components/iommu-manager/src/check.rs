// SPDX-License-Identifier: BSD-2-Clause
//! What stands against giving grants. The first thing found is told.

use core::fmt::{Display, Write};

use dmar::{Dmar, Flat, Obstacle, ScopeKind, Structure};
use heapless::String;
use image_spec::dma_grants::{self, Table};
use iommu_manager_interface::Refusal;
use mmio::Mmio;
use pci::Bdf;
use vtd::{Absent, Missing, Needs, Unit};

use crate::manager::{MAX_DEVICES, is_pin};

/// That no grants are given, and why.
#[derive(Clone, Debug)]
pub struct Refused {
    pub refusal: Refusal,
    pub words: String<104>,
}

impl Refused {
    pub fn new(refusal: Refusal, words: impl Display) -> Self {
        let mut refused = Self {
            refusal,
            words: String::new(),
        };
        // What does not fit is left out.
        let _ = write!(refused.words, "{words}");
        refused
    }
}

/// The DMAR table in a region that is all zero if there is none.
pub fn dmar(region: &[u8]) -> Result<Dmar<'_>, Refused> {
    if region.iter().all(|&byte| byte == 0) {
        return Err(Refused::new(Refusal::NoDmar, Refusal::NoDmar));
    }
    Dmar::parse(region).map_err(|error| Refused::new(Refusal::BrokenDmar, error))
}

/// The machine as far as it was found.
pub struct Machine<'a, R> {
    pub dmar: Result<&'a Dmar<'a>, &'a Refused>,
    /// Units that answer, with the addresses of their registers.
    pub units: &'a [(u64, Unit<R>)],
    /// One that does not.
    pub absent: Option<Absent>,
    pub x2apic: bool,
}

impl<R: Mmio> Machine<'_, R> {
    /// Whether it can do what `table` asks.
    pub fn check(&self, table: Result<Table<'_>, dma_grants::Error>) -> Result<(), Refused> {
        let dmar = self.dmar.map_err(Refused::clone)?;
        if let Some(absent) = self.absent {
            return Err(Refused::new(Refusal::NoUnit, absent));
        }
        let table = &table.map_err(|error| Refused::new(Refusal::Grants, error))?;
        if table.devices().len() > MAX_DEVICES {
            let words = format_args!("grants for more than {MAX_DEVICES} devices");
            return Err(Refused::new(Refusal::Grants, words));
        }
        let known = |address| self.units.iter().any(|(known, _)| *known == address);
        let listed = |address| dmar.units().any(|unit| unit.registers() == address);
        let unknown = dmar
            .units()
            .map(|unit| unit.registers())
            .find(|&address| !known(address));
        let unlisted = self
            .units
            .iter()
            .map(|(address, _)| *address)
            .find(|&address| !listed(address));
        if let Some(address) = unknown.or(unlisted) {
            let words = format_args!(
                "the system description and the DMAR table disagree about an IOMMU at {address:#x}"
            );
            return Err(Refused::new(Refusal::UnknownUnit, words));
        }
        for (_, unit) in self.units {
            if let Some(missing) = needs(table, self.x2apic).missing(unit).next() {
                return Err(Refused::new(code(&missing), missing));
            }
        }
        if !dmar.interrupt_remapping() {
            let words = "the DMAR table says that interrupts cannot be remapped";
            return Err(Refused::new(Refusal::InterruptRemapping, words));
        }
        devices(dmar, table)?;
        if !table.ioapic_remapped() && table.interrupts().iter().any(is_pin) {
            return Err(Refused::new(Refusal::IoApic, Refusal::IoApic));
        }
        Ok(())
    }
}

/// What the grants ask of each unit.
fn needs(table: &Table<'_>, x2apic: bool) -> Needs {
    let devices = table.devices();
    Needs {
        // The driver numbers domains from 1.
        max_domain: devices.len() as u16,
        address_end: devices
            .iter()
            .map(|device| end(table.grants(device)))
            .max()
            .unwrap_or(0),
        x2apic,
    }
}

/// The end of a device's addresses, exclusive.
pub fn end(grants: &[dma_grants::Grant]) -> u64 {
    grants
        .last()
        .map_or(0, |last| last.iova.get().saturating_add(last.len.get()))
}

fn code(missing: &Missing) -> Refusal {
    match missing {
        Missing::InterruptRemapping => Refusal::InterruptRemapping,
        Missing::ExtendedInterruptMode => Refusal::ExtendedInterrupts,
        _ => Refusal::Lacking,
    }
}

/// Whether every device of the table can be guarded.
fn devices(dmar: &Dmar<'_>, table: &Table<'_>) -> Result<(), Refused> {
    for device in table
        .devices()
        .iter()
        .map(|device| Bdf(device.requester.get()))
    {
        if let Some(obstacle) = dmar.obstacles(0, device, &Flat).next() {
            let refusal = match obstacle {
                Obstacle::Reserved(_) => Refusal::ReservedMemory,
                _ => Refusal::Device,
            };
            return Err(Refused::new(refusal, format_args!("{device}: {obstacle}")));
        }
    }
    // What is behind a bridge cannot be told without configuration space: it may be any device.
    let vague = dmar.structures().any(|structure| match structure {
        Structure::Reserved(region) => region
            .scopes()
            .any(|scope| scope.kind() == ScopeKind::Bridge || scope.device(&Flat).is_none()),
        _ => false,
    });
    if vague && !table.devices().is_empty() {
        let words = "firmware reserved memory for a device behind a bridge (RMRR)";
        return Err(Refused::new(Refusal::ReservedMemory, words));
    }
    Ok(())
}
