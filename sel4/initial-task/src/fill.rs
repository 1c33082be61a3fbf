// SPDX-License-Identifier: BSD-2-Clause
//! Initial content of memory.

use alloc::format;
use alloc::vec::Vec;

use initial_task_records::acpi;
use object_spec::{BootinfoKind, Fill, FillSource, Kind, PageSize};

use crate::error::{About, Error, Result};
use crate::image::Image;
use crate::system::System;
use crate::window::Window;

/// The records that the spec's fills take.
pub type Records = Vec<(BootinfoKind, Vec<u8>)>;

/// Reads every record that is wanted.
pub fn records(
    system: &System,
    mut read: impl FnMut(BootinfoKind) -> Option<Vec<u8>>,
) -> Result<Records> {
    let mut records = Records::new();
    for fill in &system.spec.fills {
        let FillSource::Bootinfo(kind) = fill.source else {
            continue;
        };
        if records.iter().any(|(known, _)| *known == kind) {
            continue;
        }
        let Some(record) = read(kind) else {
            let region = system.spec.describe(fill.frames);
            let name = kind.name();
            return Err(Error(format!(
                "{region}: prefill_bootinfo=\"{name}\": this kernel or this machine does not give it"
            )));
        };
        records.push((kind, record));
    }
    Ok(records)
}

/// What memory is filled with besides physical addresses.
pub struct Sources<'a> {
    pub image: &'a Image,
    pub records: &'a Records,
    /// The machine's ACPI table DMAR.
    pub dmar: &'a [u8],
}

impl Sources<'_> {
    /// Whether the entries of IOAPICs are to name those of the interrupt-remapping table: if the spec
    /// asks for that, and the ACPI table that it names allows it.
    pub fn remaps_ioapic(&self, system: &System) -> bool {
        let mut fills = system.spec.fills.iter();
        let table = fills.find_map(|fill| match fill.source {
            FillSource::IoapicRemapped(table) => Some(table),
            _ => None,
        });
        let of_table = |fill: &&Fill| Some(fill.frames) == table && fill.offset == 0;
        let mut fills = system.spec.fills.iter();
        match fills.find(of_table).map(|fill| (fill, &fill.source)) {
            Some((_, &FillSource::Data { offset, len })) => {
                acpi::remaps_ioapic(self.data(offset, len))
            }
            Some((fill, FillSource::AcpiDmar)) => acpi::remaps_ioapic(self.dmar(system, fill)),
            _ => false,
        }
    }

    fn data(&self, offset: u64, len: u64) -> &[u8] {
        &self.image.data[offset as usize..(offset + len) as usize]
    }

    /// As much of the ACPI table as fits: whoever reads it sees that there is more.
    fn dmar(&self, system: &System, fill: &Fill) -> &[u8] {
        let room = match system.spec.objects[fill.frames as usize].kind {
            Kind::Frames { size, count, .. } => size.bytes() * u64::from(count) - fill.offset,
            _ => 0,
        };
        &self.dmar[..self.dmar.len().min(room as usize)]
    }
}

/// Fills all memory.
pub fn fill_all(system: &System, sources: &Sources, window: &mut Window) -> Result<()> {
    let remapped = u32::from(sources.remaps_ioapic(system));
    for fill in &system.spec.fills {
        match fill.source {
            FillSource::Data { offset, len } => {
                write(system, window, fill, sources.data(offset, len))?;
            }
            FillSource::Bootinfo(kind) => {
                let record = sources.records.iter().find(|(known, _)| *known == kind);
                let bytes = record.map_or(&[][..], |(_, bytes)| bytes);
                write(system, window, fill, bytes)?;
            }
            FillSource::PhysicalAddress(of) => {
                write(
                    system,
                    window,
                    fill,
                    &system.paddr[of as usize].to_le_bytes(),
                )?;
            }
            FillSource::AcpiDmar => write(system, window, fill, sources.dmar(system, fill))?,
            FillSource::IoapicRemapped(_) => {
                write(system, window, fill, &remapped.to_le_bytes())?;
            }
        }
    }
    Ok(())
}

fn write(system: &System, window: &mut Window, fill: &Fill, mut bytes: &[u8]) -> Result<()> {
    let Kind::Frames { size, count, .. } = system.spec.objects[fill.frames as usize].kind else {
        return Ok(());
    };
    let large = size == PageSize::Large;
    let mut offset = fill.offset;
    while !bytes.is_empty() {
        let (index, start) = (offset / size.bytes(), (offset % size.bytes()) as usize);
        if index >= u64::from(count) {
            let region = system.spec.describe(fill.frames);
            return Err(Error(format!("{region} is too small for its content")));
        }
        let len = bytes.len().min(size.bytes() as usize - start);
        let (here, rest) = bytes.split_at(len);
        let slot = system.slot(fill.frames, index as u32);
        window
            .with(slot, large, |frame| {
                frame[start..start + len].copy_from_slice(here)
            })
            .about(system, fill.frames, "cannot be filled")?;
        offset += len as u64;
        bytes = rest;
    }
    Ok(())
}
