// SPDX-License-Identifier: BSD-2-Clause
//! Taking the machine over.

use core::ops::Range;

use dmar::{Dmar, Flat, ScopeKind};
use heapless::Vec;
use image_spec::dma_grants::Table;
use iommu_manager_interface::Refusal;
use log::Level;
use mmio::Mmio;
use pci::Bdf;
use vtd::{ApicId, ApicMode, Config, ExtendedCapabilities as Ecap, Iommu, Unit};

use crate::check::{self, Machine, Refused};
use crate::faults::Faults;
use crate::manager::{Device, MAX_APICS, Manager, is_pin, target};
use crate::pages::Tables;

/// The most remapping units that are taken over.
pub const MAX_UNITS: usize = 4;

/// The message address of the processor with APIC id 0 (Intel SDM volume 3, 11.11.1).
const MESSAGE_ADDRESS: u64 = 0xfee0_0000;

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
    pub fault_vector: Option<u8>,
    /// The time-stamp counter.
    pub now: u64,
}

impl<'a, R: Mmio, M: Tables> Manager<'a, R, M> {
    /// Takes all units over and blocks all DMA; then lets the interrupts of I/O APICs pass, and no
    /// others. What stands against giving grants is said in one line of the log.
    ///
    /// `memory` makes the memory for tables out of the region `iommu_tables`, whose physical
    /// addresses it is given.
    pub fn start(given: Given<'a, R>, memory: impl FnOnce(Range<u64>) -> M) -> Self {
        let parsed = Table::parse(given.grants);
        let table = parsed.ok();
        let dmar = check::dmar(given.dmar);
        let mut units: Vec<(u64, Unit<R>), MAX_UNITS> = Vec::new();
        let mut absent = None;
        for (address, registers) in given.units {
            match Unit::probe(registers) {
                Ok(unit) => {
                    say_unit(address, &unit);
                    // Cannot fail: both have the same capacity.
                    let _ = units.push((address, unit));
                }
                Err(error) => absent = Some(error),
            }
        }
        let addresses: Vec<u64, MAX_UNITS> = units.iter().map(|(address, _)| *address).collect();
        let mut manager = Self {
            table,
            iommu: None,
            refusal: Refusal::None,
            remapping: false,
            devices: Vec::new(),
            io_apics: Vec::new(),
            apic: given.apic,
            faults: Faults::new(given.now),
        };
        manager.place_all(dmar.as_ref().ok(), &addresses);

        let all = |test: fn(&Unit<R>) -> bool| units.iter().all(|(_, unit)| test(unit));
        let remaps = all(|unit| {
            unit.extended_capabilities()
                .has(Ecap::IR)
        });
        let extended = given.x2apic
            && all(|unit| {
                unit.extended_capabilities()
                    .has(Ecap::EIM)
            });
        let config = Config {
            apic: if extended {
                ApicMode::X2Apic
            } else {
                ApicMode::XApic
            },
            interrupt_order: manager.interrupt_order(),
            host_bits: dmar.as_ref().map_or(0, Dmar::host_address_bits),
            ..Config::default()
        };
        let machine = Machine {
            dmar: dmar.as_ref(),
            units: &units,
            absent,
            x2apic: given.x2apic,
        };
        let mut refused = machine.check(parsed).err();
        let io_apic_remapped = table.is_some_and(|table| table.ioapic_remapped());
        let remap = remaps && (refused.is_none() || io_apic_remapped);
        let memory = memory(table.map_or(0..0, |table| table.tables()));
        let opened = manager
            .take_over(units, memory, config)
            .and_then(|()| manager.open(remap, given.fault_vector));
        match opened {
            Ok(()) => {}
            Err(error) if refused.is_none() => refused = Some(error),
            Err(error) => log::log!(manager.level(), "besides: {}", error.words),
        }
        manager.say(refused, io_apic_remapped);
        manager
    }

    /// Finds the units that devices and I/O APICs are behind.
    fn place_all(&mut self, dmar: Option<&Dmar<'_>>, addresses: &[u64]) {
        let unit_at = |index: usize| {
            let registers = dmar?.units().nth(index)?.registers();
            addresses.iter().position(|&address| address == registers)
        };
        let devices = self.table.map_or(&[][..], |table| table.devices());
        for id in devices.iter().map(|device| Bdf(device.requester.get())) {
            let unit = dmar.and_then(|dmar| unit_at(dmar.unit_of(0, id, &Flat)?));
            // What does not fit is refused by the check, and so is a device without a unit.
            let _ = self
                .devices
                .push(Device::new(id, unit.unwrap_or(usize::MAX)));
        }
        let sources = dmar
            .into_iter()
            .flat_map(|dmar| dmar.interrupt_sources(&Flat));
        let io_apics = sources.filter(|(_, kind, _, _)| *kind == ScopeKind::IoApic);
        let placed = io_apics.filter_map(|(index, _, _, source)| Some((unit_at(index)?, source)));
        self.io_apics = placed.take(MAX_APICS).collect();
    }

    /// The size of the interrupt table, as a power of two.
    fn interrupt_order(&self) -> u8 {
        let highest = self.interrupts().last().map_or(0, |last| last.index.get());
        (u16::BITS - highest.leading_zeros()) as u8
    }

    /// Blocks all DMA.
    fn take_over(
        &mut self,
        units: Vec<(u64, Unit<R>), MAX_UNITS>,
        memory: M,
        config: Config,
    ) -> Result<(), Refused> {
        if units.is_empty() {
            return Ok(());
        }
        let units = units.into_iter().map(|(_, unit)| unit);
        let iommu =
            Iommu::take_over(memory, units, config).map_err(|(_, error)| hardware(error))?;
        self.iommu = Some(iommu);
        Ok(())
    }

    /// Lets through what must pass from the start: fault events and interrupts of I/O APICs.
    fn open(&mut self, remap: bool, fault_vector: Option<u8>) -> Result<(), Refused> {
        let (interrupts, apic) = (self.interrupts(), self.apic);
        let Some(iommu) = &mut self.iommu else {
            return Ok(());
        };
        if let Some(vector) = fault_vector {
            let (low, high) = (u64::from(apic.0 & 0xff), u64::from(apic.0 >> 8));
            let address = MESSAGE_ADDRESS | low << 12 | high << 40;
            iommu
                .units_mut()
                .iter_mut()
                .for_each(|unit| unit.enable_fault_event(address, vector.into()));
        }
        if !remap {
            return Ok(());
        }
        for pin in interrupts.iter().filter(|interrupt| is_pin(interrupt)) {
            let Some(&(unit, source)) = self.io_apics.get(usize::from(pin.ioapic)) else {
                let words = "the DMAR table does not have the I/O APIC of an interrupt";
                return Err(Refused::new(Refusal::IoApic, words));
            };
            iommu
                .bind(unit, pin.index.get(), source, target(pin, apic))
                .map_err(hardware)?;
        }
        iommu
            .remap_interrupts()
            .map_err(|(_, error)| hardware(error))?;
        self.remapping = true;
        Ok(())
    }

    /// How bad it is that nothing is granted: without devices, nothing could have been.
    fn level(&self) -> Level {
        let nobody = self.table.is_some_and(|table| table.devices().is_empty());
        if nobody { Level::Warn } else { Level::Error }
    }

    /// Says how things are.
    fn say(&mut self, refused: Option<Refused>, io_apic_remapped: bool) {
        for unit in self.iommu.iter().flat_map(Iommu::units) {
            log::info!("firmware left: {}", unit.leftovers());
        }
        let is = |on| if on { "blocked" } else { "not blocked" };
        let (dma, interrupts) = (is(self.iommu.is_some()), is(self.remapping));
        for device in self.table.iter().flat_map(|table| table.devices()) {
            let (id, name) = (Bdf(device.requester.get()), device.name());
            let end = self
                .table
                .map_or(0, |table| check::end(table.grants(device)));
            log::info!("{id} '{name}': {} ranges below {end:#x}", device.grants);
        }
        match refused {
            None => log::info!("protection on: what is not granted is blocked, DMA and interrupts"),
            Some(Refused { refusal, words }) => {
                self.refusal = refusal;
                log::log!(
                    self.level(),
                    "fail closed: {words}; nothing is granted, DMA is {dma}, interrupts are {interrupts}"
                );
            }
        }
        if io_apic_remapped && !self.remapping {
            log::error!("interrupts of the I/O APIC are lost: nothing remaps them");
        }
    }
}

fn say_unit<R: Mmio>(address: u64, unit: &Unit<R>) {
    let (cap, ecap) = (unit.capabilities(), unit.extended_capabilities());
    let (major, minor) = unit.version();
    log::info!("IOMMU at {address:#x}: VT-d version {major}.{minor}");
    log::info!("CAP {:#x}: {cap}", cap.0);
    log::info!("ECAP {:#x}: {ecap}", ecap.0);
}

fn hardware(error: vtd::Error) -> Refused {
    Refused::new(Refusal::Hardware, error)
}
