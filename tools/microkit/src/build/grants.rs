// SPDX-License-Identifier: BSD-2-Clause
//! The table of DMA grants, in the region that the owner of the IOMMU maps.

use image_spec::dma_grants::{
    Device, Grant, Header, MAGIC, READ, REGION, VERSION, WRITE, paddr_offset,
};
use image_spec::name;
use object_spec::{Fill, FillSource};
use zerocopy::IntoBytes;

use super::builder::{Builder, Frames};
use super::pds::region;
use crate::model::{Bdf, IoAddressSpace, Map, System};

impl Builder<'_> {
    /// Fills the region named [`REGION`] with what every `<io_address_space>` grants.
    pub(super) fn dma_grants(&mut self, regions: &[Option<Frames>]) {
        let system = self.input.system;
        let Some(id) = system
            .memory_regions
            .iter()
            .position(|region| region.name == REGION)
        else {
            self.unenforced(&format!("there is no memory region '{REGION}'"));
            return;
        };
        let memory = &system.memory_regions[id];
        let Some(frames) = region(regions, id) else {
            self.unenforced(&format!("nobody maps memory region '{REGION}'"));
            return;
        };
        self.read_only(id);
        let (bytes, maps) = table(system);
        if bytes.len() as u64 > memory.size {
            let message = format!(
                "memory region '{REGION}' has {:#x} bytes, the DMA grants need {:#x}",
                memory.size,
                bytes.len()
            );
            self.error(&memory.span, message, "make it larger");
            return;
        }
        self.fill(frames, 0, &bytes);
        for (index, map) in maps.iter().enumerate() {
            let Some(target) = region(regions, map.mr) else {
                continue;
            };
            let offset = paddr_offset(system.io_address_spaces.len(), index) as u64;
            let source = FillSource::PhysicalAddress(target.id);
            self.spec.fills.push(Fill {
                frames: frames.id,
                offset,
                source,
            });
        }
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

    /// What everybody relies on is written by nobody.
    fn read_only(&mut self, id: usize) {
        let system = self.input.system;
        let guests = system
            .pds
            .iter()
            .filter_map(|pd| pd.virtual_machine.as_ref());
        let maps = system
            .pds
            .iter()
            .flat_map(|pd| &pd.maps)
            .chain(guests.flat_map(|vm| &vm.maps));
        let devices = system
            .io_address_spaces
            .iter()
            .flat_map(|space| &space.iomaps);
        for map in maps
            .chain(devices)
            .filter(|map| map.mr == id && map.perms.write)
        {
            let message =
                format!("memory region '{REGION}' holds the DMA grants and is mapped writable");
            self.error(&map.span, message, "map it with perms=\"r\"");
        }
    }
}

/// The table without physical addresses, and the mapping behind each grant.
fn table(system: &System) -> (Vec<u8>, Vec<&Map>) {
    let mut spaces: Vec<&IoAddressSpace> = system.io_address_spaces.iter().collect();
    spaces.sort_by_key(|space| requester(space.peripheral));
    let (mut devices, mut grants, mut maps) = (Vec::new(), Vec::new(), Vec::new());
    for space in spaces {
        let mut own: Vec<&Map> = space.iomaps.iter().collect();
        own.sort_by_key(|map| map.vaddr);
        devices.push(Device {
            requester: requester(space.peripheral).into(),
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
    let header = Header {
        magic: MAGIC.into(),
        version: VERSION.into(),
        devices: (devices.len() as u32).into(),
        grants: (grants.len() as u32).into(),
        interrupts: 0.into(),
        flags: 0.into(),
        tables_paddr: 0.into(),
        tables_len: 0.into(),
    };
    (
        [header.as_bytes(), devices.as_bytes(), grants.as_bytes()].concat(),
        maps,
    )
}

fn requester(pci: Bdf) -> u16 {
    u16::from(pci.bus) << 8 | u16::from(pci.device) << 3 | u16::from(pci.function)
}
