// SPDX-License-Identifier: BSD-2-Clause
//! Memory regions: frames, where they lie, and what they hold at first.

use image_spec::dma_grants::TABLES_REGION;
use object_spec::{BootinfoKind, Fill, FillSource, Kind, PageSize};

use super::builder::{Builder, Frames};
use crate::model::{self, MemoryRegion, MrId, Prefill, System};

impl Builder<'_> {
    /// The frames of every region that is used; of the others, nothing.
    pub(super) fn regions(&mut self) -> Vec<Option<Frames>> {
        let input = self.input;
        let used = Uses::of(input.system);
        let regions = input.system.memory_regions.iter().enumerate();
        regions
            .map(|(id, region)| self.region(region, used.get(id)))
            .collect()
    }

    fn region(&mut self, region: &MemoryRegion, uses: Use) -> Option<Frames> {
        if !uses.mapped && !uses.device {
            return None;
        }
        let size = page_size(region.page_size);
        let most = 1u64 << self.input.config.root_cnode_size_bits;
        let count = region.size / size.bytes();
        let Some(count) = u32::try_from(count)
            .ok()
            .filter(|&count| u64::from(count) < most)
        else {
            let message = format!(
                "memory region '{}' has {count} pages, the kernel has room for less than {most}",
                region.name
            );
            self.error(
                &region.span,
                message,
                "make it smaller, or give it page_size=\"0x200000\"",
            );
            return None;
        };
        let kind = Kind::Frames {
            count,
            size,
            paddr: region.phys_addr,
            // A device's grant, and the IOMMU's table of grants, say where the region starts, nothing
            // more.
            contiguous: (uses.device || region.name == TABLES_REGION) && region.phys_addr.is_none(),
        };
        let id = self.object(format!("memory region '{}'", region.name), kind);
        if let Some(source) = region
            .prefill
            .as_ref()
            .and_then(|prefill| self.prefill(prefill))
        {
            self.spec.fills.push(Fill {
                frames: id,
                offset: 0,
                source,
            });
        }
        Some(Frames { id, count, size })
    }

    fn prefill(&mut self, prefill: &Prefill) -> Option<FillSource> {
        Some(match prefill {
            Prefill::File { len: 0, .. } => return None,
            Prefill::File { path, len } => FillSource::Data {
                offset: self.data.file(path.clone(), *len),
                len: *len,
            },
            Prefill::Text(text) => FillSource::Data {
                offset: self.data.bytes(text.as_bytes()),
                len: text.len() as u64,
            },
            Prefill::Bootinfo(kind) => FillSource::Bootinfo(bootinfo_kind(*kind)),
        })
    }
}

/// Who uses a region.
#[derive(Clone, Copy, Default)]
struct Use {
    mapped: bool,
    device: bool,
}

struct Uses(Vec<Use>);

impl Uses {
    fn of(system: &System) -> Self {
        let mut uses = vec![Use::default(); system.memory_regions.len()];
        for pd in &system.pds {
            let guest = pd.virtual_machine.iter().flat_map(|vm| &vm.maps);
            pd.maps
                .iter()
                .chain(guest)
                .for_each(|map| uses[map.mr].mapped = true);
        }
        let iomaps = system
            .io_address_spaces
            .iter()
            .flat_map(|space| &space.iomaps);
        iomaps.for_each(|map| uses[map.mr].device = true);
        Self(uses)
    }

    fn get(&self, id: MrId) -> Use {
        self.0[id]
    }
}

fn page_size(size: model::PageSize) -> PageSize {
    match size {
        model::PageSize::Small => PageSize::Small,
        model::PageSize::Large => PageSize::Large,
    }
}

fn bootinfo_kind(kind: model::BootinfoKind) -> BootinfoKind {
    match kind {
        model::BootinfoKind::Vbe => BootinfoKind::Vbe,
        model::BootinfoKind::MemoryMap => BootinfoKind::MemoryMap,
        model::BootinfoKind::AcpiRsdp => BootinfoKind::AcpiRsdp,
        model::BootinfoKind::FrameBuffer => BootinfoKind::FrameBuffer,
        model::BootinfoKind::TscFrequency => BootinfoKind::TscFrequency,
        model::BootinfoKind::Fdt => BootinfoKind::Fdt,
    }
}
