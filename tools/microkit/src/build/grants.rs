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
use super::tables::{Special, named};
use crate::model::{IoAddressSpace, Map, System};

const GRANTS: Special = Special {
    name: REGION,
    content: "the DMA grants",
};

impl Builder<'_> {
    /// Fills the region named [`REGION`] with what every `<io_address_space>` grants.
    pub(super) fn iommu(&mut self, regions: &[Option<Frames>]) {
        let system = self.input.system;
        if system.io_address_spaces.is_empty() && named(system, REGION).is_none() {
            return;
        }
        let (bytes, maps) = table(system);
        let frames = match self.table(regions, &GRANTS, &bytes) {
            Ok(frames) => frames,
            Err(why) => return self.unenforced(&why),
        };
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
}

/// The table without what is known at boot only, and the mapping behind each grant.
fn table(system: &System) -> (Vec<u8>, Vec<&Map>) {
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
    let bytes = [header.as_bytes(), devices.as_bytes(), grants.as_bytes()];
    (bytes.concat(), maps)
}
