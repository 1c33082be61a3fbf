// SPDX-License-Identifier: BSD-2-Clause
//! Taking mappings out of a tree, and the tree apart.

use super::entry::{ADDRESS, ENTRIES, entry_at, is_leaf, present, span};
use super::tree::Tree;
use super::{Detached, IovaRange};
use crate::{Error, Hpa, Iova, Memory, Result};

impl Tree {
    /// Removes every mapping in `range`; what was not mapped is left alone. Tables that become
    /// empty move to `detached`.
    ///
    /// # Errors
    ///
    /// [`Error::SplitsPage`] (nothing was changed).
    pub fn unmap<M: Memory>(
        &mut self,
        memory: &mut M,
        range: IovaRange,
        detached: &mut Detached,
    ) -> Result<()> {
        for (edge, inside) in [(range.start, range.start), (range.end, range.end - 1)] {
            let (entry, level) = self.lookup(memory, inside);
            if entry.is_some() && !edge.is_multiple_of(span(level)) {
                return Err(Error::SplitsPage(Iova(edge)));
            }
        }
        self.clear(memory, self.root, self.format.levels, range, detached);
        Ok(())
    }

    /// Clears the part of `range` that `table` covers; `range` lies inside it.
    fn clear<M: Memory>(
        &self,
        memory: &mut M,
        table: Hpa,
        level: u8,
        range: IovaRange,
        detached: &mut Detached,
    ) {
        let bytes = span(level);
        let first = entry_at(table, level, range.start);
        let mut at = range.start;
        while at < range.end {
            let next = ((at / bytes + 1) * bytes).min(range.end);
            let slot = entry_at(table, level, at);
            let entry = memory.read64(slot);
            if present(entry) {
                if is_leaf(entry, level) {
                    memory.write64(slot, 0);
                } else {
                    let below = Hpa(entry & ADDRESS);
                    if next - at < bytes {
                        let part = IovaRange {
                            start: at,
                            end: next,
                        };
                        self.clear(memory, below, level - 1, part, detached);
                    }
                    if next - at == bytes || is_empty(memory, below) {
                        memory.write64(slot, 0);
                        self.detach_table(memory, below, level - 1, detached);
                    }
                }
            }
            at = next;
        }
        let count = (range.end - 1) / bytes - range.start / bytes + 1;
        self.format.coherence().publish(memory, first, count * 8);
    }

    /// Puts `table` and all tables below it on the list. Its leaves stay as they are: nothing
    /// leads to them any more but what the coming invalidation removes.
    fn detach_table<M: Memory>(
        &self,
        memory: &mut M,
        table: Hpa,
        level: u8,
        detached: &mut Detached,
    ) {
        if level > 1 {
            for index in 0..ENTRIES {
                let entry = memory.read64(table.add(index * 8));
                if present(entry) && !is_leaf(entry, level) {
                    self.detach_table(memory, Hpa(entry & ADDRESS), level - 1, detached);
                }
            }
        }
        detached.push(table, self.format, memory);
    }

    /// Gives up the whole tree, which no device uses any more.
    pub fn detach<M: Memory>(self, memory: &mut M, detached: &mut Detached) {
        self.detach_table(memory, self.root, self.format.levels, detached);
    }
}

fn is_empty<M: Memory>(memory: &M, table: Hpa) -> bool {
    (0..ENTRIES).all(|index| !present(memory.read64(table.add(index * 8))))
}
