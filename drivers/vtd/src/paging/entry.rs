// SPDX-License-Identifier: BSD-2-Clause
//! Entries of second-level tables (§9.8).

use crate::{Hpa, PAGE_BYTES};

pub const READ: u64 = 1 << 0;
pub const WRITE: u64 = 1 << 1;
pub const LARGE: u64 = 1 << 7;
/// Forces snooping of what the device accesses; reserved unless ECAP.SC.
pub const SNOOP: u64 = 1 << 11;
pub const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Entries in a table.
pub const ENTRIES: u64 = 512;

/// Bytes that one entry of a table of `level` covers: 4 KiB at level 1, 2 MiB at 2, 1 GiB at 3.
pub const fn span(level: u8) -> u64 {
    PAGE_BYTES << (9 * (level - 1))
}

pub fn present(entry: u64) -> bool {
    entry & (READ | WRITE) != 0
}

pub fn is_leaf(entry: u64, level: u8) -> bool {
    level == 1 || entry & LARGE != 0
}

pub fn entry_at(table: Hpa, level: u8, at: u64) -> Hpa {
    table.add(at / span(level) % ENTRIES * 8)
}
