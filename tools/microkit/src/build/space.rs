// SPDX-License-Identifier: BSD-2-Clause
//! An address space: what is mapped where, and the paging structures that this takes.

use std::collections::BTreeSet;

use object_spec::{ObjectId, PageSize, TableLevel};

use crate::elf::PAGE;

/// The mapped ranges of one address space.
#[derive(Debug)]
pub struct Space {
    /// The object.
    pub id: ObjectId,
    ranges: Vec<Range>,
}

#[derive(Debug, Clone, Copy)]
struct Range {
    start: u64,
    end: u64,
    size: PageSize,
}

impl Space {
    /// An empty one.
    pub fn new(id: ObjectId) -> Self {
        Self {
            id,
            ranges: Vec::new(),
        }
    }

    /// Notes a mapping; the builder has checked that it overlaps no other and ends in user memory.
    pub fn add(&mut self, start: u64, len: u64, size: PageSize) {
        self.ranges.push(Range {
            start,
            end: start + len,
            size,
        });
    }

    /// The lowest address from `from` on where `len` bytes are free, with a free page on either side,
    /// below `end`.
    pub fn gap(&self, from: u64, len: u64, end: u64) -> Option<u64> {
        let mut start = from.checked_add(PAGE)?;
        let mut ranges = self.ranges.clone();
        ranges.sort_unstable_by_key(|range| range.start);
        for range in ranges {
            if range.start < start.checked_add(len)?.checked_add(PAGE)? && range.end + PAGE > start
            {
                start = range.end + PAGE;
            }
        }
        (start.checked_add(len)?.checked_add(PAGE)? <= end).then_some(start)
    }

    /// The paging structures, as level, first address and number in a row, top level first.
    pub fn tables(&self) -> Vec<(TableLevel, u64, u32)> {
        let mut tables = Vec::new();
        for level in [
            TableLevel::PageDirectoryPointerTable,
            TableLevel::PageDirectory,
            TableLevel::PageTable,
        ] {
            let mut starts = BTreeSet::new();
            for range in &self.ranges {
                if level != TableLevel::PageTable || range.size == PageSize::Small {
                    let first = range.start / level.span() * level.span();
                    starts.extend((first..range.end).step_by(level.span() as usize));
                }
            }
            let mut runs: Vec<(TableLevel, u64, u32)> = Vec::new();
            for start in starts {
                match runs.last_mut() {
                    Some((_, first, count))
                        if *first + u64::from(*count) * level.span() == start =>
                    {
                        *count += 1;
                    }
                    _ => runs.push((level, start, 1)),
                }
            }
            tables.append(&mut runs);
        }
        tables
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;
    const GIB: u64 = 1 << 30;

    #[test]
    fn tables_are_made_for_what_is_mapped_and_no_more() {
        let mut space = Space::new(0);
        space.add(0x20_0000, 0x3000, PageSize::Small);
        space.add(3 * MIB, 2 * MIB, PageSize::Small);
        space.add(GIB, 2 * GIB, PageSize::Large);
        space.add(0x7fff_ffff_e000, 0x1000, PageSize::Small);
        use TableLevel::*;
        assert_eq!(
            space.tables(),
            [
                (PageDirectoryPointerTable, 0, 1),
                (PageDirectoryPointerTable, 0x7f80_0000_0000, 1),
                (PageDirectory, 0, 3),
                (PageDirectory, 0x7fff_c000_0000, 1),
                (PageTable, 2 * MIB, 2),
                (PageTable, 0x7fff_ffe0_0000, 1),
            ]
        );
    }

    #[test]
    fn a_gap_keeps_clear_of_its_neighbours() {
        let mut space = Space::new(0);
        assert_eq!(space.gap(0x20_0000, 0x1000, 1 << 40), Some(0x20_1000));
        space.add(0x20_3000, 0x1000, PageSize::Small);
        assert_eq!(space.gap(0x20_0000, 0x1000, 1 << 40), Some(0x20_1000));
        assert_eq!(space.gap(0x20_0000, 0x2000, 1 << 40), Some(0x20_5000));
        space.add(0x20_8000, 0x1000, PageSize::Small);
        assert_eq!(space.gap(0x20_0000, 0x2000, 1 << 40), Some(0x20_5000));
        assert_eq!(space.gap(0x20_0000, 0x3000, 1 << 40), Some(0x20_a000));
        assert_eq!(space.gap(0x20_0000, 0x3000, 0x20_d000), None);
        assert_eq!(space.gap(u64::MAX, 1, u64::MAX), None);
    }
}
