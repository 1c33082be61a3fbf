// SPDX-License-Identifier: BSD-2-Clause
//! Watches tables in use: what hardware may have cached of entries that are gone, independent of
//! what it did cache. From there come the rules about freeing, reusing and finishing.

mod contexts;
mod interrupts;
mod tables;

use std::collections::{BTreeSet, HashMap};

use crate::memory::{Change, HostMemory, PAGE};
use crate::rules::{Rule, Rules};

pub(crate) use tables::{Attachment, Table};

/// Something of a domain that a unit may have cached and that is not valid any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stale {
    unit: usize,
    domain: u16,
    /// Device addresses that the lost entry translated.
    base: u64,
    end: u64,
    /// The table that the lost entry led to, if it was no leaf.
    page: Option<u64>,
}

/// An interrupt-remapping table in use.
#[derive(Clone, Copy, Debug)]
struct InterruptTable {
    unit: usize,
    base: u64,
    entries: u32,
}

#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Pages in use as tables.
    tables: HashMap<u64, Table>,
    /// Second-level trees in use, by their topmost table, with who uses them.
    trees: HashMap<u64, Vec<Attachment>>,
    /// Cached context entries that are gone: unit and device, to the domain.
    contexts: HashMap<(usize, u16), u16>,
    stale: Vec<Stale>,
    interrupt_tables: Vec<InterruptTable>,
    /// Cached interrupt entries that are gone, by unit and index.
    interrupts: BTreeSet<(usize, u16)>,
    /// Pages that a unit uses for other things: its queue.
    pinned: HashMap<u64, usize>,
    /// What became present in the last change, for hardware that caches at once.
    pub fresh: Vec<Fresh>,
}

/// An entry that became present in a table in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fresh {
    Context {
        unit: usize,
        device: u16,
    },
    /// A leaf at this device address, for all that use the tree.
    Leaf {
        root: u64,
        at: u64,
    },
    Interrupt {
        unit: usize,
        index: u16,
    },
}

impl Watch {
    /// Hardware sees a word change.
    pub fn changed(&mut self, change: Change, memory: &HostMemory, rules: &mut Rules) {
        if change.old == change.new {
            return;
        }
        match self.tables.get(&(change.at & !(PAGE - 1))).copied() {
            Some(Table::Root { unit }) => self.root_changed(unit, change, memory, rules),
            Some(Table::Context { unit, bus }) => {
                self.context_changed(unit, bus, change, memory, rules);
            }
            Some(Table::Second { root, level, base }) => {
                self.second_changed(root, level, base, change, memory);
            }
            None => self.interrupt_visible(change),
        }
    }

    /// A driver frees a page.
    pub fn freed(&mut self, page: u64, rules: &mut Rules) {
        if let Some(table) = self.tables.get(&page) {
            rules.broken(Rule::FlushBeforeFree, || {
                format!("page {page:#x} is in use: {table:?}")
            });
        }
        if let Some(stale) = self.stale.iter().find(|stale| stale.page == Some(page)) {
            rules.broken(Rule::FlushBeforeFree, || {
                format!("hardware may still have page {page:#x} cached: {stale:?}")
            });
        }
        let of_interrupts = self
            .interrupt_tables
            .iter()
            .any(|table| table.contains(page));
        if of_interrupts || self.pinned.contains_key(&page) {
            rules.broken(Rule::FlushBeforeFree, || {
                format!("page {page:#x} is a unit's")
            });
        }
    }

    /// The page that a unit's queue is in.
    pub fn pin(&mut self, page: u64, unit: usize) {
        self.pinned.insert(page, unit);
    }

    /// A unit does not use the pages pinned for it any more.
    pub fn unpin(&mut self, unit: usize) {
        self.pinned.retain(|_, owner| *owner != unit);
    }

    /// The driver says that what it took away is gone.
    pub fn settled(&self, rules: &mut Rules) {
        if let Some(stale) = self.stale.first() {
            rules.broken(Rule::InvalidateBeforeDone, || format!("{stale:x?}"));
        }
        if let Some(((unit, device), domain)) = self.contexts.iter().next() {
            rules.broken(Rule::InvalidateBeforeDone, || {
                format!("context entry of {device:#06x} in domain {domain} of unit {unit}")
            });
        }
        if let Some((unit, index)) = self.interrupts.first() {
            rules.broken(Rule::InvalidateBeforeDone, || {
                format!("interrupt entry {index} of unit {unit}")
            });
        }
    }

    /// A unit dropped translations: all, those of a domain, or those of a domain and a range
    /// (with `leaves`, pointers to tables may have stayed). While a context entry that is gone
    /// may be cached, the domain's translations may come back through it.
    pub fn translations_dropped(
        &mut self,
        unit: usize,
        domain: Option<u16>,
        range: Option<(u64, u64)>,
        leaves: bool,
    ) {
        let contexts = &self.contexts;
        self.stale.retain(|stale| {
            let again = contexts
                .iter()
                .any(|(key, did)| key.0 == unit && *did == stale.domain);
            let chosen = stale.unit == unit && domain.is_none_or(|domain| domain == stale.domain);
            let inside = range.is_none_or(|(base, end)| match stale.page {
                Some(_) => stale.base < end && base < stale.end,
                None => base <= stale.base && stale.end <= end,
            });
            let dropped = chosen && inside && !(leaves && stale.page.is_some()) && !again;
            !dropped
        });
        if let (Some(domain), Some((base, end))) = (domain, range) {
            self.trim(unit, domain, base, end);
        }
    }

    /// Cuts a range that was dropped out of lost leaves that are only partly in it.
    fn trim(&mut self, unit: usize, domain: u16, base: u64, end: u64) {
        let mut rest = Vec::new();
        self.stale.retain(|stale| {
            let cut = stale.unit == unit
                && stale.domain == domain
                && stale.page.is_none()
                && stale.base < end
                && base < stale.end;
            if cut {
                if stale.base < base {
                    rest.push(Stale {
                        end: base,
                        ..*stale
                    });
                }
                if end < stale.end {
                    rest.push(Stale {
                        base: end,
                        ..*stale
                    });
                }
            }
            !cut
        });
        self.stale.append(&mut rest);
    }

    /// A unit dropped context entries: all, those of a domain, or one device's of a domain.
    pub fn contexts_dropped(&mut self, unit: usize, domain: Option<u16>, device: Option<u16>) {
        self.contexts.retain(|&(of_unit, of_device), of_domain| {
            of_unit != unit
                || domain.is_some_and(|domain| domain != *of_domain)
                || device.is_some_and(|device| device != of_device)
        });
    }
}
