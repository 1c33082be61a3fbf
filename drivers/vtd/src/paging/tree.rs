// SPDX-License-Identifier: BSD-2-Clause
//! A tree of tables: mapping, and taking mappings out.

use super::table::{Kind, LARGE, READ, SNOOP, Table, WRITE, span};
use super::{Format, IovaRange, checked_end};
use crate::memory::Tables;
use crate::{Error, Hpa, Iova, PAGE_BYTES, Result, Rights};

/// A tree of second-level tables. It does not free itself: see [`Tree::remove`].
#[derive(Debug)]
pub struct Tree {
    /// The topmost table.
    pub root: Table,
    /// The shape of the tables.
    pub format: Format,
    /// Tables that are linked nowhere but may still be in hardware's caches. They form a chain
    /// through their first entries, which read as not present to a walker that comes late.
    pub removed: Option<Hpa>,
}

impl Tree {
    /// An empty tree.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new(format: Format, tables: &mut Tables) -> Result<Self> {
        let (at, level) = (tables.allocate(1)?, format.levels);
        Ok(Self {
            root: Table { at, level },
            format,
            removed: None,
        })
    }

    /// Whether `range` may be mapped to the memory that begins at `host`.
    ///
    /// # Errors
    ///
    /// [`Error::Unaligned`], [`Error::HpaRange`], [`Error::Overlap`].
    pub fn check(&self, tables: &Tables, range: IovaRange, host: Hpa) -> Result<()> {
        let bits = self.format.host_bits;
        checked_end(host.0, range.bytes(), bits, Error::HpaRange(host))?;
        match first_leaf(tables, self.root, range) {
            Some((taken, _)) => Err(Error::Overlap(taken)),
            None => Ok(()),
        }
    }

    /// Maps `range`, which was [checked](Self::check) and which `table` covers, to the memory that
    /// begins at `host`.
    ///
    /// Hardware may use the new entries as soon as they are written; it has cached nothing of
    /// them unless it is in caching mode (§6.1).
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`]: then a part is mapped, and the caller unmaps `range` to undo it.
    pub fn map(
        &self,
        tables: &mut Tables,
        table: Table,
        range: IovaRange,
        host: Hpa,
        rights: Rights,
    ) -> Result<()> {
        let snoop = if self.format.snoop { SNOOP } else { 0 };
        for (slot, part) in table.slots(range) {
            let to = host.add(part.start - range.start);
            if self.format.is_leaf(table.level, part, to) {
                let large = if table.level > 1 { LARGE } else { 0 };
                tables
                    .memory
                    .write64(slot, to.0 | rights as u64 | snoop | large);
                continue;
            }
            if let Kind::Absent = table.kind(tables, slot) {
                let below = tables.allocate(1)?;
                tables.memory.write64(slot, below.0 | READ | WRITE);
            }
            if let Kind::Pointer(below) = table.kind(tables, slot) {
                self.map(tables, below, part, to, rights)?;
            }
        }
        table.publish(tables, range);
        Ok(())
    }

    /// Removes every mapping in `range`; what was not mapped is left alone. Tables that become
    /// empty are removed, too.
    ///
    /// # Errors
    ///
    /// [`Error::SplitsPage`] (nothing was changed).
    pub fn unmap(&mut self, tables: &mut Tables, range: IovaRange) -> Result<()> {
        let IovaRange { start, end } = range;
        for (edge, inside) in [(start, start), (end, end - PAGE_BYTES)] {
            let page = IovaRange {
                start: inside,
                end: inside + PAGE_BYTES,
            };
            if let Some((_, level)) = first_leaf(tables, self.root, page)
                && !edge.is_multiple_of(span(level))
            {
                return Err(Error::SplitsPage(Iova(edge)));
            }
        }
        self.clear(tables, self.root, range);
        Ok(())
    }

    /// Clears `range`, whose ends cut no leaf.
    fn clear(&mut self, tables: &mut Tables, table: Table, range: IovaRange) {
        for (slot, part) in table.slots(range) {
            match table.kind(tables, slot) {
                Kind::Absent => {}
                Kind::Leaf => tables.memory.write64(slot, 0),
                Kind::Pointer(below) => {
                    let whole = part.bytes() == span(table.level);
                    if !whole {
                        self.clear(tables, below, part);
                    }
                    let is_absent = |slot| matches!(below.kind(tables, slot), Kind::Absent);
                    if whole || below.all().all(is_absent) {
                        tables.memory.write64(slot, 0);
                        self.remove(tables, below);
                    }
                }
            }
        }
        table.publish(tables, range);
    }

    /// Has `table` and all tables below it wait to be freed. Its leaves stay as they are: nothing
    /// leads to them any more but what the coming invalidation removes.
    pub fn remove(&mut self, tables: &mut Tables, table: Table) {
        if table.level > 1 {
            for slot in table.all() {
                if let Kind::Pointer(below) = table.kind(tables, slot) {
                    self.remove(tables, below);
                }
            }
        }
        let next = self.removed.replace(table.at);
        tables
            .memory
            .write64(table.at, next.map_or(0, |next| next.0));
        tables.publish(table.at, 8);
    }

    /// Frees removed tables. Only after hardware completed an invalidation that covers them.
    pub fn free_removed(&mut self, tables: &mut Tables) {
        while let Some(page) = self.removed {
            let next = tables.memory.read64(page);
            self.removed = (next != 0).then_some(Hpa(next));
            tables.memory.free(page);
        }
    }
}

/// The first address of `range` that is mapped, and the level of its leaf.
fn first_leaf(tables: &Tables, table: Table, range: IovaRange) -> Option<(Iova, u8)> {
    let mut slots = table.slots(range);
    slots.find_map(|(slot, part)| match table.kind(tables, slot) {
        Kind::Absent => None,
        Kind::Leaf => Some((Iova(part.start), table.level)),
        Kind::Pointer(below) => first_leaf(tables, below, part),
    })
}
