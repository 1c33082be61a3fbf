// SPDX-License-Identifier: BSD-2-Clause
//! The ACPI table DMAR, found from the root pointer structure (ACPI 6.5, section 5.2). Nothing of what
//! firmware wrote is believed: lengths and numbers have limits, each table is read once, and no table
//! is followed into others, so that there are no loops to be caught in.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use dmar::{Dmar, ScopeKind};

use crate::RSDP;

/// Bytes of the header that every table has (ACPI 6.5, section 5.2.6).
const HEADER: usize = 36;
/// Most tables that a machine has; real ones have a few dozens.
const TABLES_MAX: usize = 512;
/// Most bytes of a table DMAR; those of large servers have a few KiB.
const DMAR_MAX: usize = 0x1_0000;
/// Whose address is looked for.
const SIGNATURE: [u8; 4] = *b"DMAR";

/// Physical memory.
pub trait Memory {
    /// Reads from an address on; `None` where there is nothing to be read.
    fn read(&mut self, paddr: u64, bytes: &mut [u8]) -> Option<()>;
}

/// Why the tables of the machine say nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The list of tables at this address is not in memory of the firmware, or is none.
    NoList(u64),
    /// The list at this address has an impossible length.
    ListLength(u64, u32),
    /// The bytes of the list at this address do not add up to zero.
    ListChecksum(u64),
    /// There are two tables DMAR, of which none can be preferred. The values are their addresses.
    Two(u64, u64),
    /// The table DMAR at this address has an impossible length, or is not all in memory of the firmware.
    Length(u64, u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Error::NoList(at) => write!(f, "no list of tables (XSDT or RSDT) at {at:#x}"),
            Error::ListLength(at, len) => {
                write!(
                    f,
                    "the list of tables at {at:#x} has an impossible length, {len:#x}"
                )
            }
            Error::ListChecksum(at) => {
                write!(f, "the list of tables at {at:#x} has a wrong checksum")
            }
            Error::Two(first, second) => {
                write!(
                    f,
                    "two tables DMAR, at {first:#x} and {second:#x}; none is used"
                )
            }
            Error::Length(at, len) => {
                write!(
                    f,
                    "the table DMAR at {at:#x} has an impossible length, {len:#x}"
                )
            }
        }
    }
}

impl core::error::Error for Error {}

/// The machine's table DMAR as firmware wrote it, its checksum not looked at; `None` if there is none.
pub fn find_dmar(memory: &mut impl Memory, rsdp: &[u8; RSDP]) -> Result<Option<Vec<u8>>, Error> {
    let mut found: Option<(u64, u32)> = None;
    for at in tables(memory, rsdp)? {
        let mut header = [0; HEADER];
        if memory.read(at, &mut header).is_none() || header[..4] != SIGNATURE {
            continue;
        }
        match found {
            Some((first, _)) if first != at => return Err(Error::Two(first, at)),
            _ => found = Some((at, length(&header))),
        }
    }
    let Some((at, len)) = found else {
        return Ok(None);
    };
    let wrong = Error::Length(at, len);
    let bytes = read(memory, at, len, DMAR_MAX).ok_or(wrong)?;
    Ok(Some(bytes))
}

/// The addresses of all tables.
fn tables(memory: &mut impl Memory, rsdp: &[u8; RSDP]) -> Result<Vec<u64>, Error> {
    // Revision 0 has the RSDT alone (ACPI 6.5, section 5.2.5.3).
    let extended = match rsdp[15] {
        0 | 1 => 0,
        _ => number(&rsdp[24..32]),
    };
    let (at, signature, entry) = match extended {
        0 => (number(&rsdp[16..20]), b"RSDT", 4),
        at => (at, b"XSDT", 8),
    };
    let mut header = [0; HEADER];
    memory.read(at, &mut header).ok_or(Error::NoList(at))?;
    if header[..4] != signature[..] {
        return Err(Error::NoList(at));
    }
    let len = length(&header);
    let most = HEADER + TABLES_MAX * entry;
    let bytes = read(memory, at, len, most).ok_or(Error::ListLength(at, len))?;
    if crate::sum(&bytes) != 0 {
        return Err(Error::ListChecksum(at));
    }
    Ok(bytes[HEADER..].chunks_exact(entry).map(number).collect())
}

/// A table of `len` bytes, if that is neither too few nor too many.
fn read(memory: &mut impl Memory, at: u64, len: u32, most: usize) -> Option<Vec<u8>> {
    let len = usize::try_from(len).ok()?;
    if !(HEADER..=most).contains(&len) {
        return None;
    }
    let mut bytes = vec![0; len];
    memory.read(at, &mut bytes)?;
    Some(bytes)
}

fn length(header: &[u8; HEADER]) -> u32 {
    number(&header[4..8]) as u32
}

/// A little-endian number of up to 8 bytes.
fn number(bytes: &[u8]) -> u64 {
    let digits = bytes.iter().rev();
    digits.fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Whether a table DMAR is right and tells of interrupt remapping, and of a unit for an I/O APIC: then
/// the I/O APICs' entries can be remapped.
pub fn remaps_ioapic(dmar: &[u8]) -> bool {
    Dmar::parse(dmar).is_ok_and(|dmar| {
        let mut scopes = dmar.units().flat_map(|unit| unit.scopes());
        dmar.interrupt_remapping() && scopes.any(|scope| scope.kind() == ScopeKind::IoApic)
    })
}

#[cfg(test)]
mod tests;
