// SPDX-License-Identifier: BSD-2-Clause
//! A tree of tables: mapping, and looking up what is mapped.

use super::entry::{ADDRESS, ENTRIES, LARGE, READ, SNOOP, WRITE, entry_at, is_leaf, present, span};
use super::{Format, IovaRange};
use crate::{Error, Hpa, Iova, Memory, Result, Rights};

/// A tree of second-level tables. It does not free itself: see [`Tree::detach`].
#[derive(Debug)]
pub struct Tree {
    pub(super) root: Hpa,
    pub(super) format: Format,
}

impl Tree {
    /// An empty tree.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new<M: Memory>(format: Format, memory: &mut M) -> Result<Self> {
        let root = memory.allocate(1).ok_or(Error::OutOfMemory)?;
        Ok(Self { root, format })
    }

    /// The topmost table.
    pub fn root(&self) -> Hpa {
        self.root
    }

    /// The shape of the tables.
    pub fn format(&self) -> &Format {
        &self.format
    }

    /// Maps `range` to the memory that begins at `host`.
    ///
    /// Hardware may use the new entries as soon as they are written; it has cached nothing of
    /// them unless it is in caching mode (§6.1).
    ///
    /// # Errors
    ///
    /// As [`Format::range`] for both sides, [`Error::Overlap`] (nothing was changed), or
    /// [`Error::OutOfMemory`]: then a part is mapped, and the caller unmaps `range` to undo it.
    pub fn map<M: Memory>(
        &mut self,
        memory: &mut M,
        range: IovaRange,
        host: Hpa,
        rights: Rights,
    ) -> Result<()> {
        self.format.host_range(host, range.bytes())?;
        if let Some(taken) = self.first_present(memory, range) {
            return Err(Error::Overlap(taken));
        }
        let mut flags = if self.format.snoop { SNOOP } else { 0 };
        flags |= if rights.reads() { READ } else { 0 };
        flags |= if rights.writes() { WRITE } else { 0 };
        let mut at = range.start;
        while at < range.end {
            let to = host.add(at - range.start);
            let level = self.leaf_level(at, to, range.end);
            let table = self.table_for(memory, at, level)?;
            let rest = IovaRange {
                start: at,
                end: range.end,
            };
            at = self.fill(memory, table, level, rest, to, flags);
        }
        Ok(())
    }

    /// The highest level whose leaves fit at `at`.
    fn leaf_level(&self, at: u64, to: Hpa, end: u64) -> u8 {
        let fits = |level: u8| {
            let bytes = span(level);
            self.format.leaf_allowed(level)
                && (at | to.0).is_multiple_of(bytes)
                && end - at >= bytes
        };
        (1..=3).rev().find(|&level| fits(level)).unwrap_or(1)
    }

    /// The table of `level` that covers `at`, created with all above it if need be.
    fn table_for<M: Memory>(&mut self, memory: &mut M, at: u64, level: u8) -> Result<Hpa> {
        let mut table = self.root;
        for above in (level + 1..=self.format.levels).rev() {
            let slot = entry_at(table, above, at);
            let entry = memory.read64(slot);
            table = if present(entry) {
                Hpa(entry & ADDRESS)
            } else {
                let new = memory.allocate(1).ok_or(Error::OutOfMemory)?;
                memory.write64(slot, new.0 | READ | WRITE);
                self.format.coherence().publish(memory, slot, 8);
                new
            };
        }
        Ok(table)
    }

    /// Writes leaves into one table from the start of `rest` on, as many as fit there; returns
    /// the address after the last.
    fn fill<M: Memory>(
        &self,
        memory: &mut M,
        table: Hpa,
        level: u8,
        rest: IovaRange,
        to: Hpa,
        flags: u64,
    ) -> u64 {
        let bytes = span(level);
        let flags = flags | if level > 1 { LARGE } else { 0 };
        let table_end = (rest.start / (bytes * ENTRIES) + 1) * (bytes * ENTRIES);
        let mut at = rest.start;
        while at < table_end && rest.end - at >= bytes {
            let target = to.add(at - rest.start);
            memory.write64(entry_at(table, level, at), target.0 | flags);
            at += bytes;
        }
        let first = entry_at(table, level, rest.start);
        self.format
            .coherence()
            .publish(memory, first, (at - rest.start) / bytes * 8);
        at
    }

    /// The first device address of `range` that is mapped.
    fn first_present<M: Memory>(&self, memory: &M, range: IovaRange) -> Option<Iova> {
        let mut at = range.start;
        while at < range.end {
            match self.lookup(memory, at) {
                (Some(_), _) => return Some(Iova(at)),
                (None, level) => at = (at / span(level) + 1) * span(level),
            }
        }
        None
    }

    /// The leaf that translates `at`, or `None`, with the level at which the walk ended.
    pub(super) fn lookup<M: Memory>(&self, memory: &M, at: u64) -> (Option<u64>, u8) {
        let mut table = self.root;
        let mut level = self.format.levels;
        loop {
            let entry = memory.read64(entry_at(table, level, at));
            if !present(entry) {
                return (None, level);
            }
            if is_leaf(entry, level) {
                return (Some(entry), level);
            }
            table = Hpa(entry & ADDRESS);
            level -= 1;
        }
    }

    /// Where `at` leads and with which rights, as software reads the tables.
    pub fn translate<M: Memory>(&self, memory: &M, at: Iova) -> Option<(Hpa, Rights)> {
        if at.0 >> self.format.address_bits != 0 {
            return None;
        }
        let (entry, level) = self.lookup(memory, at.0);
        let entry = entry?;
        let rights = match (entry & READ != 0, entry & WRITE != 0) {
            (true, true) => Rights::ReadWrite,
            (true, false) => Rights::Read,
            _ => Rights::Write,
        };
        let mask = span(level) - 1;
        Some((Hpa(entry & ADDRESS & !mask | at.0 & mask), rights))
    }
}
