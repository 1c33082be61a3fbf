// SPDX-License-Identifier: BSD-2-Clause
//! Second-level tables in use (§3.7, §9.8).

use super::{Fresh, Stale, Watch};
use crate::memory::{Change, HostMemory, PAGE};

const READ_WRITE: u64 = 3;
const LARGE: u64 = 1 << 7;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;

/// What a page is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Root {
        unit: usize,
    },
    Context {
        unit: usize,
        bus: u8,
    },
    /// Of the tree with this topmost table, translating from this device address on.
    Second {
        root: u64,
        level: u8,
        base: u64,
    },
}

/// Somebody who uses a tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Attachment {
    pub unit: usize,
    pub device: u16,
    pub domain: u16,
}

/// What went with an entry.
#[derive(Debug, Default)]
struct Lost {
    pages: Vec<u64>,
    leaves: Vec<(u64, u64)>,
}

/// Bytes that an entry of a table at `level` translates.
pub(crate) fn span(level: u8) -> u64 {
    PAGE << (9 * u32::from(level - 1))
}

/// The table below an entry, if it leads to one.
fn below(entry: u64, level: u8) -> Option<u64> {
    let leads = entry & READ_WRITE != 0 && level > 1 && entry & LARGE == 0;
    leads.then_some(entry & ADDRESS)
}

impl Watch {
    /// Somebody begins to use a tree of `levels` levels.
    pub(super) fn attach_tree(
        &mut self,
        root: u64,
        levels: u8,
        user: Attachment,
        memory: &HostMemory,
    ) {
        let users = self.trees.entry(root).or_default();
        users.push(user);
        if users.len() == 1 {
            self.register(root, root, levels, 0, memory);
        }
    }

    /// Somebody uses a tree no more: all that its domain has cached of it on the unit is stale.
    pub(super) fn detach_tree(&mut self, root: u64, user: Attachment) {
        let Attachment { unit, domain, .. } = user;
        let lost = |page| Stale {
            unit,
            domain,
            base: 0,
            end: u64::MAX,
            page,
        };
        self.stale.push(lost(None));
        let tables = self.tables.iter();
        let of_tree = tables
            .filter(|(_, table)| matches!(table, Table::Second { root: of, .. } if *of == root));
        let pages: Vec<u64> = of_tree.map(|(page, _)| *page).collect();
        self.stale
            .extend(pages.iter().map(|&page| lost(Some(page))));
        let Some(users) = self.trees.get_mut(&root) else {
            return;
        };
        if let Some(index) = users.iter().position(|other| *other == user) {
            users.swap_remove(index);
        }
        if users.is_empty() {
            self.trees.remove(&root);
            for page in pages {
                self.tables.remove(&page);
            }
        }
    }

    fn register(&mut self, root: u64, page: u64, level: u8, base: u64, memory: &HostMemory) {
        self.tables
            .insert(page, Table::Second { root, level, base });
        for index in 0..512 {
            let Some(entry) = memory.walk(page + 8 * index) else {
                return;
            };
            if entry & READ_WRITE == 0 {
                continue;
            }
            let at = base + index * span(level);
            match below(entry, level) {
                Some(child) if level > 1 => self.register(root, child, level - 1, at, memory),
                _ => self.fresh.push(Fresh::Leaf { root, at }),
            }
        }
    }

    /// Forgets a table and all below it; collects the pages, and the leaves that were present.
    fn unregister(
        &mut self,
        page: u64,
        level: u8,
        base: u64,
        memory: &HostMemory,
        lost: &mut Lost,
    ) {
        if self.tables.remove(&page).is_none() {
            return;
        }
        lost.pages.push(page);
        for index in 0..512 {
            let entry = memory.walk(page + 8 * index).unwrap_or(0);
            let at = base + index * span(level);
            match below(entry, level) {
                Some(child) => self.unregister(child, level - 1, at, memory, lost),
                None if entry & READ_WRITE != 0 => lost.leaves.push((at, at + span(level))),
                None => {}
            }
        }
    }

    pub(super) fn second_changed(
        &mut self,
        root: u64,
        level: u8,
        base: u64,
        change: Change,
        memory: &HostMemory,
    ) {
        let at = base + (change.at % PAGE / 8) * span(level);
        if change.old & READ_WRITE != 0 {
            let mut lost = Lost::default();
            match below(change.old, level) {
                Some(child) => self.unregister(child, level - 1, at, memory, &mut lost),
                None => lost.leaves.push((at, at + span(level))),
            }
            for Attachment { unit, domain, .. } in self.users(root) {
                for &(base, end) in &lost.leaves {
                    self.lose(Stale {
                        unit,
                        domain,
                        base,
                        end,
                        page: None,
                    });
                }
                for &page in &lost.pages {
                    let (end, page) = (at + span(level), Some(page));
                    self.stale.push(Stale {
                        unit,
                        domain,
                        base: at,
                        end,
                        page,
                    });
                }
            }
        }
        if change.new & READ_WRITE != 0 {
            match below(change.new, level) {
                Some(child) => self.register(root, child, level - 1, at, memory),
                None => self.fresh.push(Fresh::Leaf { root, at }),
            }
        }
    }

    /// Adds lost translations, joined with their neighbour.
    fn lose(&mut self, lost: Stale) {
        let neighbour = self.stale.iter_mut().rev().take(8).find(|stale| {
            stale.page.is_none()
                && (stale.unit, stale.domain) == (lost.unit, lost.domain)
                && stale.end == lost.base
        });
        match neighbour {
            Some(stale) => stale.end = lost.end,
            None => self.stale.push(lost),
        }
    }

    /// Who uses a tree.
    pub fn users(&self, root: u64) -> Vec<Attachment> {
        self.trees.get(&root).cloned().unwrap_or_default()
    }
}
