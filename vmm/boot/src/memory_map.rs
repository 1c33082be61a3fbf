// SPDX-License-Identifier: BSD-2-Clause
//! What the guest is told about its physical address space: the BIOS's E820 map, which both boot
//! protocols hand over.

use core::ops::Range;

use crate::layout::{ECAM, FIRMWARE, HIGH_START, IO_APIC, LOCAL_APIC, LOW_END};

/// What a range is for: ACPI 6.5, table 15.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Memory that the guest may use.
    Usable = 1,
    /// To be left alone.
    Reserved = 2,
}

/// Number of ranges.
pub const RANGES: usize = 6;

/// All ranges, in ascending order, of a guest with this many bytes of memory.
pub fn ranges(ram: u64) -> [(Range<u64>, Kind); RANGES] {
    [
        (0..LOW_END, Kind::Usable),
        (FIRMWARE, Kind::Reserved),
        (HIGH_START..ram, Kind::Usable),
        (ECAM, Kind::Reserved),
        (IO_APIC, Kind::Reserved),
        (LOCAL_APIC, Kind::Reserved),
    ]
}

/// A range as both protocols have it: start, length and kind, 20 bytes.
pub fn entry((range, kind): &(Range<u64>, Kind)) -> [u8; 20] {
    let mut bytes = [0; 20];
    bytes[..8].copy_from_slice(&range.start.to_le_bytes());
    bytes[8..16].copy_from_slice(&(range.end - range.start).to_le_bytes());
    bytes[16..].copy_from_slice(&(*kind as u32).to_le_bytes());
    bytes
}
