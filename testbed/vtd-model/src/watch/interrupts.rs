// SPDX-License-Identifier: BSD-2-Clause
//! Interrupt-remapping tables in use (§5.1.3). These are watched as processors write them: a line
//! may leave a cache at any moment.

use super::{Fresh, InterruptTable, Watch};
use crate::memory::Change;
use crate::rules::{Rule, Rules};

const PRESENT: u64 = 1;
const ENTRY: u64 = 16;

impl InterruptTable {
    pub(super) fn contains(&self, at: u64) -> bool {
        (self.base..self.base + u64::from(self.entries) * ENTRY).contains(&at)
    }
}

impl Watch {
    /// A unit uses another interrupt table. Whether what it cached of the old one is dropped is
    /// the unit's to tell.
    pub fn interrupt_table_set(&mut self, unit: usize, base: u64, entries: u32) {
        self.interrupt_tables.retain(|table| table.unit != unit);
        self.interrupt_tables.push(InterruptTable {
            unit,
            base,
            entries,
        });
    }

    /// A unit dropped interrupt entries: all, or `count` from `first` on.
    pub fn interrupts_dropped(&mut self, unit: usize, range: Option<(u16, u32)>) {
        self.interrupts.retain(|&(of, index)| {
            let inside = range.is_none_or(|(first, count)| {
                index >= first && u32::from(index) < u32::from(first) + count
            });
            of != unit || !inside
        });
    }

    /// A processor wrote the words at `at`, which were `old` and are `new`: one word, or two at
    /// once. `other` is the word of the entry that a single write left alone.
    pub fn interrupt_written(
        &mut self,
        at: u64,
        old: &[u64],
        new: &[u64],
        other: u64,
        rules: &mut Rules,
    ) {
        let inside = |table: &&InterruptTable| table.contains(at);
        let Some(&table) = self.interrupt_tables.iter().find(inside) else {
            return;
        };
        let unit = table.unit;
        let index = ((at - table.base) / ENTRY) as u16;
        if !at.is_multiple_of(ENTRY) {
            if other & PRESENT != 0 && old != new {
                rules.broken(Rule::NoTornInterruptEntry, || {
                    format!("high word of entry {index} on unit {unit} while present")
                });
            }
            return;
        }
        let high = new.get(1).copied().unwrap_or(other);
        let key = (unit, index);
        let (was, is) = (old[0] & PRESENT != 0, new[0] & PRESENT != 0);
        if !was && is && self.interrupts.contains(&key) {
            rules.broken(Rule::InvalidateBeforeReuse, || {
                format!("interrupt entry {index} on unit {unit}")
            });
        }
        if was && old != new {
            self.interrupts.insert(key);
        }
        if is && high >> 16 & 0xf != 0b0100 {
            rules.broken(Rule::VerifySource, || {
                format!("entry {index} on unit {unit}")
            });
        }
    }

    /// Hardware sees a word of an interrupt table change.
    pub(super) fn interrupt_visible(&mut self, change: Change) {
        let inside = |table: &&InterruptTable| table.contains(change.at);
        if let Some(table) = self.interrupt_tables.iter().find(inside)
            && change.at.is_multiple_of(ENTRY)
            && change.new & PRESENT != 0
        {
            let (unit, index) = (table.unit, ((change.at - table.base) / ENTRY) as u16);
            self.fresh.push(Fresh::Interrupt { unit, index });
        }
    }
}
