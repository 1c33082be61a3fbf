// SPDX-License-Identifier: BSD-2-Clause
//! Root and context tables in use (§9.1, §9.3).

use super::tables::{Attachment, Table};
use super::{Fresh, Watch};
use crate::memory::{Change, HostMemory, PAGE};
use crate::rules::{Rule, Rules};

const PRESENT: u64 = 1;
const ADDRESS: u64 = !(PAGE - 1);

fn domain_of(high: u64) -> u16 {
    (high >> 8) as u16
}

fn levels_of(high: u64) -> u8 {
    (high & 7) as u8 + 2
}

impl Watch {
    /// A unit uses another root table; `old` is the one before.
    pub fn root_set(&mut self, unit: usize, new: u64, memory: &HostMemory, rules: &mut Rules) {
        let of_unit = |table: &Table| matches!(table, Table::Root { unit: of } | Table::Context { unit: of, .. } if *of == unit);
        let old: Vec<_> = self
            .tables
            .iter()
            .filter(|(_, table)| of_unit(table))
            .map(|(page, table)| (*page, *table))
            .collect();
        for (page, table) in old {
            if let Table::Context { bus, .. } = table {
                self.context_table_lost(unit, bus, page, memory);
            }
            self.tables.remove(&page);
        }
        self.tables.insert(new, Table::Root { unit });
        for bus in 0..=u8::MAX {
            let at = new + u64::from(bus) * 16;
            let entry = memory.walk(at).unwrap_or(0);
            let change = Change {
                at,
                old: 0,
                new: entry,
            };
            self.root_changed(unit, change, memory, rules);
        }
    }

    pub(super) fn root_changed(
        &mut self,
        unit: usize,
        change: Change,
        memory: &HostMemory,
        rules: &mut Rules,
    ) {
        if !change.at.is_multiple_of(16) {
            return;
        }
        let bus = (change.at % PAGE / 16) as u8;
        if change.old & PRESENT != 0 {
            let page = change.old & ADDRESS;
            self.context_table_lost(unit, bus, page, memory);
            self.tables.remove(&page);
        }
        if change.new & PRESENT != 0 {
            let page = change.new & ADDRESS;
            self.tables.insert(page, Table::Context { unit, bus });
            for slot in 0..256 {
                let at = page + slot * 16;
                let low = memory.walk(at).unwrap_or(0);
                self.context_changed(
                    unit,
                    bus,
                    Change {
                        at,
                        old: 0,
                        new: low,
                    },
                    memory,
                    rules,
                );
            }
        }
    }

    fn context_table_lost(&mut self, unit: usize, bus: u8, page: u64, memory: &HostMemory) {
        for slot in 0..256 {
            let at = page + slot * 16;
            let low = memory.walk(at).unwrap_or(0);
            if low & PRESENT != 0 {
                let device = u16::from(bus) << 8 | slot as u16;
                self.context_lost(unit, device, low, memory.walk(at + 8).unwrap_or(0));
            }
        }
    }

    fn context_lost(&mut self, unit: usize, device: u16, low: u64, high: u64) {
        let domain = domain_of(high);
        self.contexts.insert((unit, device), domain);
        self.detach_tree(
            low & ADDRESS,
            Attachment {
                unit,
                device,
                domain,
            },
        );
    }

    pub(super) fn context_changed(
        &mut self,
        unit: usize,
        bus: u8,
        change: Change,
        memory: &HostMemory,
        rules: &mut Rules,
    ) {
        let device = u16::from(bus) << 8 | (change.at % PAGE / 16) as u16;
        if !change.at.is_multiple_of(16) {
            return;
        }
        let high = memory.walk(change.at + 8).unwrap_or(0);
        if change.old & PRESENT != 0 {
            self.context_lost(unit, device, change.old, high);
        }
        if change.new & PRESENT == 0 {
            return;
        }
        let domain = domain_of(high);
        if self.contexts.contains_key(&(unit, device)) {
            rules.broken(Rule::InvalidateBeforeReuse, || {
                format!("context entry of {device:#06x} on unit {unit}")
            });
        }
        if self
            .stale
            .iter()
            .any(|stale| (stale.unit, stale.domain) == (unit, domain))
        {
            rules.broken(Rule::InvalidateBeforeReuse, || {
                format!("domain {domain} on unit {unit}")
            });
        }
        let user = Attachment {
            unit,
            device,
            domain,
        };
        self.attach_tree(change.new & ADDRESS, levels_of(high), user, memory);
        self.fresh.push(Fresh::Context { unit, device });
    }

    /// A processor writes the high word of an entry whose low word is `low`, if it is one of a
    /// context table in use.
    pub fn context_high_written(&self, at: u64, low: u64, rules: &mut Rules) {
        let table = self.tables.get(&(at & ADDRESS));
        if let Some(Table::Context { unit, bus }) = table
            && low & PRESENT != 0
        {
            let devfn = at % PAGE / 16;
            rules.broken(Rule::NoTornContextEntry, || {
                format!("high word of {bus:02x}:{devfn:02x} on unit {unit} while present")
            });
        }
    }
}
