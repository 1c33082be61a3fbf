// SPDX-License-Identifier: BSD-2-Clause
//! What boot loader and firmware tell about the machine.

use alloc::vec;
use alloc::vec::Vec;

use initial_task_records::acpi::{self, Memory};
use initial_task_records::{RSDP, find_rsdp, header};
use object_spec::plan::ranges;
use object_spec::{BootinfoKind, FillSource, Spec};
use sel4::{BootInfoExtraId, BootInfoPtr, FrameObjectType};

use crate::error::Result;
use crate::memory::{Extra, borrow, untypeds};
use crate::system::System;
use crate::window::{self, Window};

/// Where the BIOS puts the ACPI root pointer structure, up to 1 MiB.
const BIOS_AREA: core::ops::Range<u64> = 0xe_0000..0x10_0000;
const PAGE: u64 = 0x1000;

/// What of the firmware's memory the spec asks for.
#[derive(Default)]
pub struct Firmware {
    rsdp: Option<[u8; RSDP]>,
    /// The ACPI table DMAR; empty if there is none.
    pub dmar: Vec<u8>,
}

impl Firmware {
    /// Reads it, before any object is made.
    pub fn read(system: &mut System, bootinfo: &BootInfoPtr) -> Self {
        let spec = system.spec;
        let wants_dmar = wants(spec, &FillSource::AcpiDmar);
        let mut firmware = Self::default();
        if !wants_dmar && !wants(spec, &FillSource::Bootinfo(BootinfoKind::AcpiRsdp)) {
            return firmware;
        }
        let mut memory = FirmwareMemory { system, bootinfo };
        firmware.rsdp = given_rsdp(bootinfo).or_else(|| {
            let mut area = vec![0; (BIOS_AREA.end - BIOS_AREA.start) as usize];
            memory.read(BIOS_AREA.start, &mut area)?;
            find_rsdp(&area)
        });
        if let (true, Some(rsdp)) = (wants_dmar, &firmware.rsdp) {
            match acpi::find_dmar(&mut memory, rsdp) {
                Ok(dmar) => firmware.dmar = dmar.unwrap_or_default(),
                Err(error) => log::warn!("ACPI: {error}"),
            }
        }
        firmware
    }

    /// A record with its header, or `None` if this machine, or this kernel, does not have it.
    pub fn record(&self, bootinfo: &BootInfoPtr, kind: BootinfoKind) -> Option<Vec<u8>> {
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
            BootinfoKind::AcpiRsdp => self.rsdp?.to_vec(),
            _ => return None,
        };
        Some([&header(kind.id(), content.len())[..], &content].concat())
    }
}

fn wants(spec: &Spec, source: &FillSource) -> bool {
    spec.fills.iter().any(|fill| fill.source == *source)
}

/// The root pointer structure that the kernel was given by the boot loader.
fn given_rsdp(bootinfo: &BootInfoPtr) -> Option<[u8; RSDP]> {
    let mut extras = bootinfo.extra();
    let extra = extras.find(|extra| extra.id == BootInfoExtraId::X86AcpiRsdp)?;
    find_rsdp(extra.content())
}

/// Memory that is no RAM of seL4's: what firmware keeps for itself, and devices.
struct FirmwareMemory<'s, 'a> {
    system: &'s mut System<'a>,
    bootinfo: &'s BootInfoPtr,
}

impl Memory for FirmwareMemory<'_, '_> {
    fn read(&mut self, paddr: u64, bytes: &mut [u8]) -> Option<()> {
        let end = paddr.checked_add(bytes.len() as u64)?;
        let end = end.checked_next_multiple_of(PAGE)?;
        let first = paddr - paddr % PAGE;
        // RAM holds no tables: seL4 has cleared or will clear it.
        let mut known = ranges(&untypeds(self.bootinfo)).into_iter();
        let inside = known.any(|range| range.device && range.start <= first && end <= range.end);
        if bytes.is_empty() || !inside {
            return None;
        }
        self.copy(first, (paddr - first) as usize, bytes).ok()
    }
}

impl FirmwareMemory<'_, '_> {
    /// Copies from `skip` bytes behind the page at `first` on.
    fn copy(&mut self, first: u64, skip: usize, bytes: &mut [u8]) -> Result<()> {
        let pages = (skip + bytes.len()).div_ceil(PAGE as usize);
        self.system.with_free_slots_back(|system| {
            let mut extra: Vec<Extra> = window::tables(system)?.into();
            for index in 0..pages as u64 {
                extra.push(Extra {
                    blueprint: FrameObjectType::_4k.blueprint(),
                    slot: system.free_slot()?,
                    paddr: Some(first + index * PAGE),
                });
            }
            borrow(system, self.bootinfo, &extra, || {
                let mut window = Window::new(extra[0].slot, extra[1].slot)?;
                let (mut from, mut rest) = (skip, bytes);
                for page in &extra[2..] {
                    let len = rest.len().min(PAGE as usize - from);
                    let (here, behind) = rest.split_at_mut(len);
                    let copy = |frame: &mut [u8]| here.copy_from_slice(&frame[from..from + len]);
                    window
                        .with(page.slot, false, copy)
                        .map_err(window::failed)?;
                    (from, rest) = (0, behind);
                }
                Ok(())
            })
        })
    }
}
