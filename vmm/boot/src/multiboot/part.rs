// SPDX-License-Identifier: BSD-2-Clause
//! Parts of an image go into the guest's memory.

use vmm_base::{Gpa, GuestRam};

use super::header::Flat;
use crate::Error;
use crate::bytes::slice;
use crate::layout::{HIGH_START, LOADER, LOW_END};

/// What was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// The first instruction.
    pub entry: u32,
    /// The end of the highest part.
    pub end: u64,
}

/// Loads a flat file.
pub fn load_flat(ram: GuestRam<'_>, file: &[u8], flat: &Flat) -> Result<Loaded, Error> {
    let offset = u64::from(flat.offset);
    let rest = (file.len() as u64).checked_sub(offset);
    let length = match flat.length {
        Some(length) => length.into(),
        None => rest.ok_or(Error::Truncated)?,
    };
    let contents = slice(file, offset, length).ok_or(Error::Truncated)?;
    let start = u64::from(flat.address);
    let memory = match flat.end {
        0 => length,
        end => u64::from(end).checked_sub(start).ok_or(Error::BadHeader)?,
    };
    let end = load(ram, start, contents, memory)?;
    let entry = flat.entry;
    Ok(Loaded { entry, end })
}

/// Loads `contents` to `start`, and zeros up to `memory` bytes; returns the end. Where the loader and
/// the firmware have something of their own, nothing is loaded.
pub fn load(ram: GuestRam<'_>, start: u64, contents: &[u8], memory: u64) -> Result<u64, Error> {
    if memory < contents.len() as u64 {
        return Err(Error::BadHeader);
    }
    let end = start.saturating_add(memory);
    let low = start >= LOADER.end && end <= LOW_END;
    let high = start >= HIGH_START && end <= ram.size() as u64;
    if !low && !high {
        return Err(Error::KernelRange { start, end });
    }
    ram.write(Gpa(start), contents)?;
    let zeros = memory - contents.len() as u64;
    // It is no more than the memory.
    ram.clear(Gpa(end - zeros), zeros as usize)?;
    Ok(end)
}
