// SPDX-License-Identifier: BSD-2-Clause
//! Taking the machine over.

use core::ops::Range;

use dmar::{Dmar, Flat, ScopeKind};
use heapless::Vec;
use image_spec::dma_grants::{Interrupt, Table, end};
use iommu_manager_interface::Refusal;
use log::Level;
use mmio::Mmio;
use pci::Bdf;
use vtd::{ApicId, Config, ExtendedCapabilities, Iommu, Memory, Missing, Sizes, Unit, Vector};

use crate::check::{self, Refused};
use crate::devices::{Device, target};
use crate::faults::Faults;
use crate::manager::{MAX_APICS, Manager};

/// The most remapping units that are taken over.
pub const MAX_UNITS: usize = 4;

/// Units that answer, with the physical addresses of their registers.
pub type Units<R> = Vec<(u64, Unit<R>), MAX_UNITS>;

/// What the manager is given.
#[derive(Debug)]
pub struct Given<'a, R> {
    /// The region `dma_grants`.
    pub grants: &'a [u8],
    /// The region `acpi_dmar`: all zero where the machine has no such table.
    pub dmar: &'a [u8],
    /// The registers of the units, with their physical addresses.
    pub units: Vec<(u64, R), MAX_UNITS>,
    /// The processors run in x2APIC mode.
    pub x2apic: bool,
    /// The local APIC that takes interrupts.
    pub apic: ApicId,
    /// The vector of fault events, if there is an interrupt for them.
    pub fault_vector: Option<Vector>,
}

impl<'a, R: Mmio, M: Memory> Manager<'a, R, M> {
    /// Takes all units over and blocks all DMA; then lets the interrupts of I/O APICs pass, and no
    /// others. What stands against giving grants is said in one line of the log.
    ///
    /// `memory` makes the memory for tables out of the region `iommu_tables`, whose physical
    /// addresses it is given.
    pub fn start(given: Given<'a, R>, memory: impl FnOnce(Range<u64>) -> M) -> Self {
        let table = Table::parse(given.grants);
        let table = table.map_err(|error| Refused::new(Refusal::Grants, error));
        let dmar = check::dmar(given.dmar);
        let (units, absent) = probe(given.units);
        let mut manager = Self {
            table: table.as_ref().ok().copied(),
            iommu: None,
            refusal: Refusal::None,
            remapping: false,
            devices: Vec::new(),
            io_apics: Vec::new(),
            apic: given.apic,
            faults: Faults::default(),
        };
        manager.place_all(dmar.as_ref().ok(), &units);
        let checked = match (&dmar, absent, &table) {
            (Err(refused), ..) | (_, None, Err(refused)) => Err(refused.clone()),
            (_, Some(absent), _) => Err(absent.into()),
            (Ok(dmar), None, Ok(table)) => check::check(dmar, &units, table, given.x2apic),
        };
        let ecaps = || units.iter().map(|(_, unit)| unit.extended_capabilities());
        let all = |flag| ecaps().all(|ecap| ecap.has(flag));
        let last = manager.interrupts().last();
        let highest = last.map_or(0, |last| last.index.get());
        let config = Config {
            extended_interrupts: given.x2apic && all(ExtendedCapabilities::EIM),
            interrupt_order: (u16::BITS - highest.leading_zeros()) as u8,
            fault_event: given.fault_vector.map(|vector| (vector, given.apic)),
            host_bits: dmar.as_ref().map_or(0, Dmar::host_address_bits),
            ..Config::default()
        };
        let io_apic_remapped = manager.table.is_some_and(|table| table.ioapic_remapped());
        let remap = all(ExtendedCapabilities::IR) && (checked.is_ok() || io_apic_remapped);
        let memory = memory(manager.table.map_or(0..0, |table| table.tables()));
        let opened = manager.open(units, memory, config, remap);
        // How bad it is that nothing is granted: without devices, nothing could have been.
        let nobody = manager
            .table
            .is_some_and(|table| table.devices().is_empty());
        let level = if nobody { Level::Warn } else { Level::Error };
        let refused = match (checked, opened) {
            (Err(refused), Err(besides)) => {
                log::log!(level, "besides: {}", besides.words);
                Some(refused)
            }
            (checked, opened) => checked.and(opened).err(),
        };
        manager.say(refused, level, io_apic_remapped);
        manager
    }

    /// Finds the units that devices and I/O APICs are behind.
    fn place_all(&mut self, dmar: Option<&Dmar<'_>>, units: &Units<R>) {
        let unit_at = |index: usize| {
            let registers = dmar?.units().nth(index)?.registers();
            units.iter().position(|(address, _)| *address == registers)
        };
        if let Some(table) = self.table {
            for entry in table.devices() {
                let id = Bdf(entry.requester.get());
                let unit = dmar.and_then(|dmar| unit_at(dmar.unit_of(0, id, &Flat)?));
                // What does not fit is refused by the check, and so is a device without a unit.
                let device = Device::new(table, entry, unit.unwrap_or(usize::MAX));
                let _ = self.devices.push(device);
            }
        }
        let tables = dmar.into_iter();
        let sources = tables.flat_map(|dmar| dmar.interrupt_sources(&Flat));
        let io_apics = sources.filter(|(_, kind, _, _)| *kind == ScopeKind::IoApic);
        let placed = io_apics.filter_map(|(index, _, _, source)| Some((unit_at(index)?, source)));
        self.io_apics = placed.take(MAX_APICS).collect();
    }

    /// Blocks all DMA, and with `remap` lets the interrupts of I/O APICs pass, and no
    /// others.
    fn open(
        &mut self,
        units: Units<R>,
        memory: M,
        config: Config,
        remap: bool,
    ) -> Result<(), Refused> {
        if units.is_empty() {
            return Ok(());
        }
        let units = units.into_iter().map(|(_, unit)| unit);
        let taken_over = Iommu::take_over(memory, units, config).map_err(hardware)?;
        let (interrupts, apic) = (self.interrupts(), self.apic);
        let iommu = self.iommu.insert(taken_over);
        if !remap {
            return Ok(());
        }
        for pin in interrupts.iter().filter(|interrupt| interrupt.is_pin()) {
            let Some(&(unit, source)) = self.io_apics.get(usize::from(pin.ioapic)) else {
                let words = "the DMAR table does not have the I/O APIC of an interrupt";
                return Err(Refused::new(Refusal::IoApic, words));
            };
            let bound = iommu.bind(unit, pin.index.get(), source, target(pin, apic));
            bound.map_err(hardware)?;
        }
        iommu.remap_interrupts().map_err(hardware)?;
        self.remapping = true;
        Ok(())
    }

    fn interrupts(&self) -> &'a [Interrupt] {
        self.table.map_or(&[], |table| table.interrupts())
    }

    /// Says how things are.
    fn say(&mut self, refused: Option<Refused>, level: Level, io_apic_remapped: bool) {
        for unit in self.iommu.iter().flat_map(Iommu::units) {
            log::info!("firmware left: {}", unit.leftovers);
        }
        for device in &self.devices {
            let (id, name, grants) = (device.id, device.name, device.grants);
            let (ranges, end) = (grants.len(), end(grants));
            log::info!("{id} '{name}': {ranges} ranges below {end:#x}");
        }
        let is = |on| if on { "blocked" } else { "not blocked" };
        let (dma, interrupts) = (is(self.iommu.is_some()), is(self.remapping));
        match refused {
            None => log::info!("protection on: what is not granted is blocked, DMA and interrupts"),
            Some(Refused { refusal, words }) => {
                self.refusal = refusal;
                log::log!(
                    level,
                    "fail closed: {words}; nothing is granted, DMA is {dma}, interrupts are {interrupts}"
                );
            }
        }
        if io_apic_remapped && !self.remapping {
            log::error!("interrupts of the I/O APIC are lost: nothing remaps them");
        }
    }
}

/// The units that answer, and one that does not.
fn probe<R: Mmio>(all: Vec<(u64, R), MAX_UNITS>) -> (Units<R>, Option<Missing>) {
    let (mut units, mut absent) = (Vec::new(), None);
    for (address, registers) in all {
        match Unit::probe(registers) {
            Ok(unit) => {
                let (cap, ecap) = (unit.capabilities(), unit.extended_capabilities());
                let (major, minor) = unit.version();
                log::info!("IOMMU at {address:#x}: VT-d version {major}.{minor}");
                log::info!("CAP {:#x}: {}; has: {cap}", cap.0, Sizes(cap));
                log::info!("ECAP {:#x}: {ecap}", ecap.0);
                // Cannot fail: both have the same capacity.
                let _ = units.push((address, unit));
            }
            Err(error) => absent = Some(error),
        }
    }
    (units, absent)
}

fn hardware(error: vtd::Error) -> Refused {
    Refused::new(Refusal::Hardware, error)
}
