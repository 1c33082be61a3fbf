// SPDX-License-Identifier: BSD-2-Clause
//! Which entry of the interrupt-remapping table each interrupt has.

use std::collections::HashSet;

use image_spec::dma_grants::{FIRST_VECTOR, IOAPIC_PIN, Interrupt, MSI, REGION};

use crate::model::{Irq, IrqSource, PdId, System};

/// The entry of one interrupt.
pub(super) struct Entry<'a> {
    pub pd: PdId,
    pub irq: &'a Irq,
    pub index: u16,
}

/// The entries of all interrupts that are remapped, in the order of their indices; none in a system
/// without an owner of the IOMMU. Messages have the index that their handle says, pins of IOAPICs the
/// lowest that are left.
pub(super) fn entries(system: &System) -> Vec<Entry<'_>> {
    let mut regions = system.memory_regions.iter();
    let Some(table) = regions.position(|region| region.name == REGION) else {
        return Vec::new();
    };
    let owners: Vec<bool> = system.pds.iter().map(|pd| pd.maps_region(table)).collect();
    if !owners.contains(&true) {
        return Vec::new();
    }
    let irqs = system.pds.iter().enumerate();
    let irqs = irqs.flat_map(|(pd, domain)| domain.irqs.iter().map(move |irq| (pd, irq)));
    // The IOMMU's own events are not remapped. Its owner's messages are no others.
    let messages = irqs.clone().filter(|(pd, _)| !owners[*pd]);
    let mut entries: Vec<_> = messages
        .filter_map(|(pd, irq)| match irq.source {
            IrqSource::Msi { handle, .. } => Some(Entry {
                pd,
                irq,
                index: u16::try_from(handle).ok()?,
            }),
            IrqSource::Ioapic { .. } => None,
        })
        .collect();
    let used: HashSet<u16> = entries.iter().map(|entry| entry.index).collect();
    let free = (0..=u16::MAX).filter(|index| !used.contains(index));
    let pins = irqs.filter(|(_, irq)| matches!(irq.source, IrqSource::Ioapic { .. }));
    entries.extend(
        pins.zip(free)
            .map(|((pd, irq), index)| Entry { pd, irq, index }),
    );
    entries.sort_by_key(|entry| entry.index);
    entries
}

impl Entry<'_> {
    /// The entry as the owner of the IOMMU is told of it.
    pub(super) fn record(&self) -> Interrupt {
        let mut record = Interrupt {
            source: 0.into(),
            index: self.index.into(),
            vector: FIRST_VECTOR + self.irq.vector,
            kind: MSI,
            level: 0,
            ioapic: 0,
            pin: 0,
            // seL4 sends all of these to the first core.
            cpu: 0,
            reserved: [0; 6],
        };
        match self.irq.source {
            IrqSource::Msi { pci, .. } => record.source = pci.requester().into(),
            IrqSource::Ioapic {
                ioapic, pin, level, ..
            } => {
                // The parser keeps both below 256.
                record.kind = IOAPIC_PIN;
                record.level = level.into();
                record.ioapic = ioapic as u8;
                record.pin = pin as u8;
            }
        }
        record
    }
}
