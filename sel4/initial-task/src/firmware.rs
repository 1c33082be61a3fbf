// SPDX-License-Identifier: BSD-2-Clause
//! What boot loader and firmware tell about the machine.

use alloc::vec::Vec;

use initial_task_records::{find_rsdp, header};
use object_spec::{BootinfoKind, FillSource, Kind, PageSize, Spec};
use sel4::{BootInfoExtraId, BootInfoPtr, FrameObjectType};

use crate::error::Result;
use crate::memory::Extra;
use crate::system::System;
use crate::window::Window;

/// Where the BIOS puts the ACPI root pointer structure, up to 1 MiB.
const BIOS_AREA: core::ops::Range<u64> = 0xe_0000..0x10_0000;

/// The pages of the BIOS area, if anybody wants the ACPI root pointer structure.
#[derive(Default)]
pub struct BiosArea(Vec<Page>);

/// A page of physical memory: part of the frame in a slot.
struct Page {
    slot: usize,
    large: bool,
    offset: usize,
}

impl BiosArea {
    /// Finds the frames; those that no memory region has are added to `extra`.
    pub fn find(system: &mut System, extra: &mut Vec<Extra>) -> Result<Self> {
        let wanted = FillSource::Bootinfo(BootinfoKind::AcpiRsdp);
        let mut pages = Vec::new();
        if system.spec.fills.iter().any(|fill| fill.source == wanted) {
            for paddr in BIOS_AREA.step_by(0x1000) {
                pages.push(match region_page(system.spec, system, paddr) {
                    Some(page) => page,
                    None => {
                        let slot = system.free_slot()?;
                        let blueprint = FrameObjectType::_4k.blueprint();
                        extra.push(Extra {
                            blueprint,
                            slot,
                            paddr: Some(paddr),
                        });
                        Page {
                            slot,
                            large: false,
                            offset: 0,
                        }
                    }
                });
            }
        }
        Ok(Self(pages))
    }

    /// A copy of the area; the frames must have been made and not be mapped.
    fn read(&self, window: &mut Window) -> Option<Vec<u8>> {
        let mut copy = Vec::new();
        for page in &self.0 {
            let bytes = page.offset..page.offset + 0x1000;
            let add = |frame: &mut [u8]| copy.extend_from_slice(&frame[bytes]);
            window.with(page.slot, page.large, add).ok()?;
        }
        Some(copy)
    }
}

/// The page at a physical address, if a memory region has it.
fn region_page(spec: &Spec, system: &System, paddr: u64) -> Option<Page> {
    (0..).zip(&spec.objects).find_map(|(id, object)| {
        let Kind::Frames {
            count,
            size,
            paddr: Some(start),
            ..
        } = object.kind
        else {
            return None;
        };
        let offset = paddr.checked_sub(start)?;
        let index = offset / size.bytes();
        (index < u64::from(count)).then(|| Page {
            slot: system.slot(id, index as u32),
            large: size == PageSize::Large,
            offset: (offset % size.bytes()) as usize,
        })
    })
}

/// A record with its header, or `None` if this machine, or this kernel, does not have it.
pub fn record(
    bootinfo: &BootInfoPtr,
    bios_area: &BiosArea,
    window: &mut Window,
    kind: BootinfoKind,
) -> Option<Vec<u8>> {
    let id = match kind {
        BootinfoKind::Vbe => BootInfoExtraId::X86Vbe,
        BootinfoKind::MemoryMap => BootInfoExtraId::X86Mbmmap,
        BootinfoKind::AcpiRsdp => BootInfoExtraId::X86AcpiRsdp,
        BootinfoKind::FrameBuffer => BootInfoExtraId::X86FrameBuffer,
        BootinfoKind::TscFrequency => BootInfoExtraId::X86TscFreq,
        BootinfoKind::Fdt => BootInfoExtraId::Fdt,
    };
    if let Some(extra) = bootinfo.extra().find(|extra| extra.id == id) {
        return Some(extra.content_with_header().to_vec());
    }
    let content = match kind {
        // The kernel of 2017 has the frequency in a field; the record has it as 32 bits of MHz.
        BootinfoKind::TscFrequency => {
            let mhz = u32::try_from(bootinfo.tsc_mhz())
                .ok()
                .filter(|mhz| *mhz != 0);
            mhz?.to_le_bytes().to_vec()
        }
        BootinfoKind::AcpiRsdp => find_rsdp(&bios_area.read(window)?)?.to_vec(),
        _ => return None,
    };
    Some([&header(kind.id(), content.len())[..], &content].concat())
}
