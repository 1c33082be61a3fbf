// SPDX-License-Identifier: BSD-2-Clause
//! What the manager knows.

use heapless::Vec;
use image_spec::dma_grants::{self, IOAPIC_PIN, Interrupt, Table};
use iommu_manager_interface::{Fault, Refusal, State};
use pci::Bdf;
use vtd::{ApicId, Domain, Iommu, Target, Vector};
use zerocopy::FromZeros;

use crate::faults::Faults;

/// The most devices that grants are given to.
pub const MAX_DEVICES: usize = 64;
/// The most I/O APICs.
pub const MAX_APICS: usize = 8;

/// The IOMMU manager over units with registers `R` and tables in `M`. Made by
/// [`start`](Self::start).
#[derive(Debug)]
pub struct Manager<'a, R, M> {
    pub(crate) table: Option<Table<'a>>,
    /// The units, if they were taken over.
    pub(crate) iommu: Option<Iommu<R, M>>,
    pub(crate) refusal: Refusal,
    /// Interrupts without an entry are blocked.
    pub(crate) remapping: bool,
    pub(crate) devices: Vec<Device, MAX_DEVICES>,
    /// The I/O APICs: the unit that each is behind, and the source of its interrupts.
    pub(crate) io_apics: Vec<(usize, Bdf), MAX_APICS>,
    /// Where interrupts go.
    pub(crate) apic: ApicId,
    pub(crate) faults: Faults,
}

/// A device of the system description.
#[derive(Debug)]
pub struct Device {
    pub id: Bdf,
    /// The unit that it is behind.
    pub unit: usize,
    pub state: State,
    pub domain: Option<Domain>,
    pub faults: u64,
    pub last: Fault,
}

impl Device {
    /// One that reaches nothing.
    pub fn new(id: Bdf, unit: usize) -> Self {
        Self {
            id,
            unit,
            state: State::Blocked,
            domain: None,
            faults: 0,
            last: Fault::new_zeroed(),
        }
    }
}

impl<'a, R, M> Manager<'a, R, M> {
    /// All interrupts that are to be remapped.
    pub(crate) fn interrupts(&self) -> &'a [Interrupt] {
        self.table.map_or(&[], |table| table.interrupts())
    }

    /// What the system description says of a device.
    pub(crate) fn entry(&self, device: Bdf) -> Option<&'a dma_grants::Device> {
        self.table?.device(device.0)
    }

    /// The place of a device in the list.
    pub(crate) fn place(&self, device: Bdf) -> Option<usize> {
        self.devices.iter().position(|known| known.id == device)
    }
}

/// Whether an interrupt is of an I/O APIC.
pub fn is_pin(interrupt: &Interrupt) -> bool {
    interrupt.kind == IOAPIC_PIN
}

/// What an interrupt becomes.
pub fn target(interrupt: &Interrupt, destination: ApicId) -> Target {
    Target::Remapped {
        vector: Vector(interrupt.vector),
        destination,
        level: interrupt.level != 0,
    }
}
