// SPDX-License-Identifier: BSD-2-Clause
//! Second-level tables (§3.7, §9.8): from device addresses to host-physical ones, in 3 or 4
//! levels, with the largest pages that alignment and hardware allow.
//!
//! This module changes tables and nothing else. What hardware has cached of an old entry is the
//! caller's to invalidate; until then the pages of removed tables wait in a [`Detached`] list.

use crate::memory::Coherence;
use crate::{Error, Hpa, Iova, Memory, PAGE_BYTES, Result, Rights};

const READ: u64 = 1 << 0;
const WRITE: u64 = 1 << 1;
const LARGE: u64 = 1 << 7;
/// Forces snooping of what the device accesses; reserved unless ECAP.SC.
const SNOOP: u64 = 1 << 11;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
const ENTRIES: u64 = 512;

/// Requests to these addresses are interrupts and never reach a table (§3.14).
const INTERRUPT_RANGE: (u64, u64) = (0xfee0_0000, 0xfef0_0000);

/// The shape of tables that all units of the platform can walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// 3 (39-bit device addresses) or 4 (48-bit).
    pub levels: u8,
    /// Bits of a device address, at most those of `levels`.
    pub address_bits: u8,
    /// Bits of a host-physical address (from the DMAR table's host address width).
    pub host_bits: u8,
    /// Leaves of 2 MiB are supported.
    pub mega: bool,
    /// Leaves of 1 GiB are supported.
    pub giga: bool,
    /// Snoop control is supported: set in every leaf, so that a device cannot bypass caches.
    pub snoop: bool,
    /// Hardware snoops its table walks.
    pub coherent: bool,
}

/// A checked range of device addresses: page aligned, not empty, inside the format, and clear of
/// the interrupt range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IovaRange {
    start: u64,
    end: u64,
}

impl IovaRange {
    /// The first byte.
    pub fn start(self) -> Iova {
        Iova(self.start)
    }

    /// The number of bytes.
    pub fn bytes(self) -> u64 {
        self.end - self.start
    }
}

/// Table pages that are linked nowhere but may still be in hardware's caches. They form a chain
/// through their first entries, which read as not present to a walker that comes late.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Detached {
    head: Option<Hpa>,
}

impl Detached {
    /// Whether no page waits.
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    fn push<M: Memory>(&mut self, page: Hpa, format: Format, memory: &mut M) {
        memory.write64(page, self.head.map_or(0, |next| next.0));
        Coherence {
            coherent: format.coherent,
        }
        .publish(memory, page, 8);
        self.head = Some(page);
    }

    /// Gives all pages back. Only after hardware completed an invalidation that covers them.
    pub fn free<M: Memory>(&mut self, memory: &mut M) {
        while let Some(page) = self.head {
            let next = memory.read64(page) & ADDRESS;
            self.head = (next != 0).then_some(Hpa(next));
            memory.free(page, 1);
        }
    }
}

impl Format {
    /// Checks a range of device addresses.
    ///
    /// # Errors
    ///
    /// [`Error::Unaligned`], [`Error::IovaRange`].
    pub fn range(&self, start: Iova, bytes: u64) -> Result<IovaRange> {
        let end = checked_end(start.0, bytes)?;
        if end > 1 << self.address_bits || touches_interrupts(start.0, end) {
            return Err(Error::IovaRange(start));
        }
        Ok(IovaRange {
            start: start.0,
            end,
        })
    }

    fn host_range(&self, start: Hpa, bytes: u64) -> Result<()> {
        let end = checked_end(start.0, bytes)?;
        if end > 1 << self.host_bits || touches_interrupts(start.0, end) {
            return Err(Error::HpaRange(start));
        }
        Ok(())
    }

    fn leaf_allowed(&self, level: u8) -> bool {
        match level {
            1 => true,
            2 => self.mega,
            3 => self.giga,
            _ => false,
        }
    }

    fn coherence(&self) -> Coherence {
        Coherence {
            coherent: self.coherent,
        }
    }
}

fn checked_end(start: u64, bytes: u64) -> Result<u64> {
    if bytes == 0 || !start.is_multiple_of(PAGE_BYTES) || !bytes.is_multiple_of(PAGE_BYTES) {
        return Err(Error::Unaligned);
    }
    start.checked_add(bytes).ok_or(Error::Unaligned)
}

fn touches_interrupts(start: u64, end: u64) -> bool {
    start < INTERRUPT_RANGE.1 && INTERRUPT_RANGE.0 < end
}

/// Bytes that one entry of a table of `level` covers: 4 KiB at level 1, 2 MiB at 2, 1 GiB at 3.
const fn span(level: u8) -> u64 {
    PAGE_BYTES << (9 * (level - 1))
}

fn present(entry: u64) -> bool {
    entry & (READ | WRITE) != 0
}

fn is_leaf(entry: u64, level: u8) -> bool {
    level == 1 || entry & LARGE != 0
}

fn entry_at(table: Hpa, level: u8, at: u64) -> Hpa {
    table.add(at / span(level) % ENTRIES * 8)
}

/// A tree of second-level tables. It does not free itself: see [`Tree::detach`].
#[derive(Debug)]
pub struct Tree {
    root: Hpa,
    format: Format,
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
    fn lookup<M: Memory>(&self, memory: &M, at: u64) -> (Option<u64>, u8) {
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
