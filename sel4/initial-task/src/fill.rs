// SPDX-License-Identifier: BSD-2-Clause
//! Initial content of memory.

use alloc::format;
use alloc::vec::Vec;

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

/// Fills all memory.
pub fn fill_all(
    system: &System,
    image: &Image,
    records: &Records,
    window: &mut Window,
) -> Result<()> {
    for fill in &system.spec.fills {
        match fill.source {
            FillSource::Data { offset, len } => {
                let bytes = &image.data[offset as usize..(offset + len) as usize];
                write(system, window, fill, bytes)?;
            }
            FillSource::Bootinfo(kind) => {
                let record = records.iter().find(|(known, _)| *known == kind);
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
