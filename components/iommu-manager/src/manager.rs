// SPDX-License-Identifier: BSD-2-Clause
//! What the manager knows.

use heapless::Vec;
use image_spec::dma_grants::Table;
use iommu_manager_interface::{Refusal, Status};
use pci::Bdf;
use vtd::{ApicId, Iommu};

use crate::devices::{Device, Guarded};
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
    pub(crate) devices: Vec<Device<'a>, MAX_DEVICES>,
    /// The I/O APICs: the unit that each is behind, and the source of its interrupts.
    pub(crate) io_apics: Vec<(usize, Bdf), MAX_APICS>,
    /// Where interrupts go.
    pub(crate) apic: ApicId,
    pub(crate) faults: Faults,
}

impl<'a, R, M> Manager<'a, R, M> {
    /// A device of the system description, with what guards it.
    pub(crate) fn guarded(&mut self, id: Bdf) -> Result<Guarded<'_, 'a, R, M>, Status> {
        let devices = &mut self.devices;
        Ok(Guarded {
            device: devices
                .iter_mut()
                .find(|device| device.id == id)
                .ok_or(Status::Unknown)?,
            iommu: self.iommu.as_mut().ok_or(Status::Refused)?,
            apic: self.apic,
        })
    }
}
