// SPDX-License-Identifier: BSD-2-Clause
//! Tables for protection domains, each in the memory region of its name.

use object_spec::ObjectId;

use super::builder::{Builder, Frames};
use super::pds::region;
use crate::model::{MrId, System};

/// A memory region with a meaning.
pub(super) struct Special {
    pub name: &'static str,
    /// What it holds.
    pub content: &'static str,
}

/// The id of the memory region of a name.
pub(super) fn named(system: &System, name: &str) -> Option<MrId> {
    let mut regions = system.memory_regions.iter();
    regions.position(|region| region.name == name)
}

impl Builder<'_> {
    /// Fills a special region with a table. Without the region, or if nobody maps it, the error is why.
    pub(super) fn table(
        &mut self,
        regions: &[Option<Frames>],
        special: &Special,
        bytes: &[u8],
    ) -> Result<Option<ObjectId>, String> {
        let &Special { name, content } = special;
        let system = self.input.system;
        let Some(id) = named(system, name) else {
            return Err(format!("there is no memory region '{name}'"));
        };
        let Some(frames) = region(regions, id) else {
            return Err(format!("nobody maps memory region '{name}'"));
        };
        self.read_only(id, special);
        let memory = &system.memory_regions[id];
        if memory.prefill.is_some() {
            let message = format!("memory region '{name}' gets {content} and is prefilled, too");
            self.error(&memory.span, message, "remove the prefill");
            return Ok(None);
        }
        if bytes.len() as u64 > memory.size {
            let message = format!(
                "memory region '{name}' has {:#x} bytes, {content} need {:#x}",
                memory.size,
                bytes.len()
            );
            self.error(&memory.span, message, "make it larger");
            return Ok(None);
        }
        self.fill(frames, 0, bytes);
        Ok(Some(frames.id))
    }

    /// What everybody relies on is written by nobody.
    pub(super) fn read_only(&mut self, id: MrId, special: &Special) {
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
            let &Special { name, content } = special;
            let message = format!("memory region '{name}' holds {content} and is mapped writable");
            self.error(&map.span, message, "map it with perms=\"r\"");
        }
    }
}
