// SPDX-License-Identifier: BSD-2-Clause
//! Tables of one level, and their entries (§9.8).

use core::iter;

use super::IovaRange;
use crate::memory::Tables;
use crate::{Hpa, PAGE_BYTES};

pub const READ: u64 = 1 << 0;
pub const WRITE: u64 = 1 << 1;
pub const LARGE: u64 = 1 << 7;
/// Forces snooping of what the device accesses; reserved unless ECAP.SC.
pub const SNOOP: u64 = 1 << 11;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// Bytes that one entry of a table of `level` covers: 4 KiB at level 1, 2 MiB at 2, 1 GiB at 3.
pub const fn span(level: u8) -> u64 {
    PAGE_BYTES << (9 * (level - 1))
}

/// A table: 1 is the lowest level, whose entries are all leaves.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    pub at: Hpa,
    pub level: u8,
}

/// What an entry is.
pub enum Kind {
    Absent,
    Leaf,
    Pointer(Table),
}

impl Table {
    const ENTRIES: u64 = 512;

    /// Where the entry for a device address is.
    fn slot(self, address: u64) -> Hpa {
        self.at.add(address / span(self.level) % Self::ENTRIES * 8)
    }

    /// The entries that `range`, which lies in what this table covers, takes, each with its part
    /// of the range.
    pub fn slots(self, range: IovaRange) -> impl Iterator<Item = (Hpa, IovaRange)> {
        let bytes = span(self.level);
        let mut start = range.start;
        iter::from_fn(move || {
            let end = ((start / bytes + 1) * bytes).min(range.end);
            let part = (start < end).then_some(IovaRange { start, end })?;
            start = end;
            Some((self.slot(part.start), part))
        })
    }

    /// Makes the entries of `range` visible to hardware.
    pub fn publish(self, tables: &mut Tables, range: IovaRange) {
        let bytes = span(self.level);
        let count = (range.end - 1) / bytes - range.start / bytes + 1;
        tables.publish(self.slot(range.start), count * 8);
    }

    /// What is at a slot of it.
    pub fn kind(self, tables: &Tables, slot: Hpa) -> Kind {
        let entry = tables.memory.read64(slot);
        if entry & (READ | WRITE) == 0 {
            Kind::Absent
        } else if self.level == 1 || entry & LARGE != 0 {
            Kind::Leaf
        } else {
            let (at, level) = (Hpa(entry & ADDRESS), self.level - 1);
            Kind::Pointer(Self { at, level })
        }
    }

    /// Where all its entries are.
    pub fn all(self) -> impl Iterator<Item = Hpa> {
        (0..Self::ENTRIES).map(move |index| self.at.add(index * 8))
    }
}
