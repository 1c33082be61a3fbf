// SPDX-License-Identifier: BSD-2-Clause
//! The regions of the owner of the IOMMU: the table of DMA grants, the ACPI table DMAR, and the memory
//! for the IOMMU's own tables.

use image_spec::dma_grants::{
    DMAR_REGION, Device, FLAGS_OFFSET, Grant, Header, MAGIC, READ, REGION, TABLES_PADDR_OFFSET,
    TABLES_REGION, VERSION, WRITE, paddr_offset,
};
use image_spec::name;
use object_spec::{Fill, FillSource, ObjectId};
use zerocopy::IntoBytes;

use super::builder::{Builder, Frames};
use super::pds::region;
use super::remapping::entries;
use super::tables::{Special, named};
use crate::model::{IoAddressSpace, Map, Prefill, System};

const GRANTS: Special = Special {
    name: REGION,
    content: "the DMA grants",
};
const DMAR: Special = Special {
    name: DMAR_REGION,
    content: "the ACPI table DMAR",
};

impl Builder<'_> {
    /// Fills the region named [`REGION`] with what every `<io_address_space>` grants and every `<irq>`
    /// needs, and the one named [`DMAR_REGION`] with what firmware tells.
    pub(super) fn iommu(&mut self, regions: &[Option<Frames>]) {
        let dmar = self.dmar(regions);
        let system = self.input.system;
        if system.io_address_spaces.is_empty() && named(system, REGION).is_none() {
            return;
        }
        let tables = named(system, TABLES_REGION)
            .and_then(|id| Some((region(regions, id)?, system.memory_regions[id].size)));
        let (bytes, maps) = table(system, tables.map_or(0, |(_, size)| size));
        let frames = match self.table(regions, &GRANTS, &bytes) {
            Ok(frames) => frames,
            Err(why) => return self.unenforced(&why),
        };
        self.own_tables_only();
        let Some(frames) = frames else {
            return;
        };
        let mut late = |offset: usize, source| {
            let offset = offset as u64;
            self.spec.fills.push(Fill {
                frames,
                offset,
                source,
            });
        };
        for (index, map) in maps.iter().enumerate() {
            if let Some(target) = region(regions, map.mr) {
                let offset = paddr_offset(system.io_address_spaces.len(), index);
                late(offset, FillSource::PhysicalAddress(target.id));
            }
        }
        if let Some((tables, _)) = tables {
            late(TABLES_PADDR_OFFSET, FillSource::PhysicalAddress(tables.id));
        }
        if let Some(dmar) = dmar {
            late(FLAGS_OFFSET, FillSource::IoapicRemapped(dmar));
        }
    }

    fn dmar(&mut self, regions: &[Option<Frames>]) -> Option<ObjectId> {
        let id = named(self.input.system, DMAR_REGION)?;
        let frames = region(regions, id)?.id;
        self.read_only(id, &DMAR);
        let memory = &self.input.system.memory_regions[id];
        match memory.prefill {
            None => self.spec.fills.push(Fill {
                frames,
                offset: 0,
                source: FillSource::AcpiDmar,
            }),
            Some(Prefill::File { .. } | Prefill::Text(_)) => {}
            Some(Prefill::Bootinfo(_)) => {
                let message =
                    format!("memory region '{DMAR_REGION}' is filled with something else");
                let help = "remove prefill_bootinfo: the region gets the ACPI table DMAR";
                self.error(&memory.span, message, help);
            }
        }
        Some(frames)
    }

    fn unenforced(&mut self, why: &str) {
        for space in &self.input.system.io_address_spaces {
            let message = format!(
                "io_address_space '{}' is enforced by nobody: {why}",
                space.name
            );
            let help = format!(
                "let the protection domain that owns the IOMMU map a memory region '{REGION}' with perms=\"r\""
            );
            self.error(&space.span, message, help);
        }
    }

    /// Whoever can write the IOMMU's tables can reach all memory.
    fn own_tables_only(&mut self) {
        let system = self.input.system;
        let (Some(grants), Some(tables)) = (named(system, REGION), named(system, TABLES_REGION))
        else {
            return;
        };
        let others = system.pds.iter().filter(|pd| !pd.maps_region(grants));
        let guests = system
            .pds
            .iter()
            .filter_map(|pd| pd.virtual_machine.as_ref());
        let spaces = system.io_address_spaces.iter();
        let maps = others
            .flat_map(|pd| &pd.maps)
            .chain(guests.flat_map(|vm| &vm.maps))
            .chain(spaces.flat_map(|space| &space.iomaps));
        for map in maps.filter(|map| map.mr == tables) {
            let message = format!(
                "memory region '{TABLES_REGION}' holds the IOMMU's tables and is mapped here"
            );
            let help = format!("only the protection domain that maps '{REGION}' may have it");
            self.error(&map.span, message, help);
        }
    }
}

/// The table without what is known at boot only, and the mapping behind each grant.
fn table(system: &System, tables_len: u64) -> (Vec<u8>, Vec<&Map>) {
    let mut spaces: Vec<&IoAddressSpace> = system.io_address_spaces.iter().collect();
    spaces.sort_by_key(|space| space.peripheral.requester());
    let (mut devices, mut grants, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    for space in spaces {
        let mut own: Vec<&Map> = space.iomaps.iter().collect();
        own.sort_by_key(|map| map.vaddr);
        devices.push(Device {
            requester: space.peripheral.requester().into(),
            domain: space.domain_id.into(),
            first_grant: (maps.len() as u32).into(),
            grants: (own.len() as u32).into(),
            reserved: 0.into(),
            name: name::field(&space.name),
        });
        for map in own {
            let rights =
                if map.perms.read { READ } else { 0 } | if map.perms.write { WRITE } else { 0 };
            grants.push(Grant {
                iova: map.vaddr.into(),
                paddr: 0.into(),
                len: system.memory_regions[map.mr].size.into(),
                rights: rights.into(),
                reserved: 0.into(),
            });
            maps.push(map);
        }
    }
    let interrupts: Vec<_> = entries(system).iter().map(|entry| entry.record()).collect();
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        devices: (devices.len() as u32).into(),
        grants: (grants.len() as u32).into(),
        interrupts: (interrupts.len() as u32).into(),
        flags: 0.into(),
        tables_paddr: 0.into(),
        tables_len: tables_len.into(),
    };
    let bytes = [
        header.as_bytes(),
        devices.as_bytes(),
        grants.as_bytes(),
        interrupts.as_bytes(),
    ];
    (bytes.concat(), maps)
}
