// SPDX-License-Identifier: BSD-2-Clause
//! Shadow page tables: what SVM's nested paging walks in place of the extended page tables. A page
//! gets into them when the guest first touches it, and all leave when the hypervisor says INVEPT.

use crate::paging::Mapping;

const ENTRIES: usize = 512;
/// Present, accessed, dirty, and the bit that nested paging asks for everywhere: user.
const PRESENT: u64 = 1 << 0;
const WRITABLE: u64 = 1 << 1;
const USER: u64 = 1 << 2;
const USED: u64 = 1 << 5 | 1 << 6;
const LARGE: u64 = 1 << 7;
const NO_EXECUTE: u64 = 1 << 63;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// Tables of different EPT pointers that are kept at the same time.
const ROOTS: usize = 8;

/// A page table.
#[repr(C, align(4096))]
pub struct Table(pub [u64; ENTRIES]);

/// Shadow page tables of one CPU.
pub struct Shadow {
    tables: &'static mut [Table],
    /// Physical address of the first table.
    base: u64,
    free: usize,
    used: usize,
    roots: [Option<Root>; ROOTS],
    next_root: usize,
}

#[derive(Clone, Copy)]
struct Root {
    pointer: u64,
    table: usize,
}

/// The end of the list of free tables.
const NONE: usize = usize::MAX;

impl Shadow {
    /// None yet, with memory for tables at physical address `base`: at least one of each level.
    ///
    /// # Panics
    ///
    /// With fewer than 16 tables.
    pub fn new(tables: &'static mut [Table], base: u64) -> Self {
        assert!(tables.len() >= 16, "too few tables");
        Self {
            tables,
            base,
            free: NONE,
            used: 0,
            roots: [None; ROOTS],
            next_root: 0,
        }
    }

    /// The physical address of the root for an EPT pointer.
    pub fn root(&mut self, pointer: u64) -> u64 {
        let known = self
            .roots
            .iter()
            .flatten()
            .find(|root| root.pointer == pointer);
        if let Some(root) = known {
            return self.address(root.table);
        }
        let place = self.place_for_root();
        if let Some(old) = self.roots[place].take() {
            self.release(old.table, 3);
        }
        let table = match self.take() {
            Some(table) => table,
            None => {
                self.forget_all();
                self.take().unwrap_or(0)
            }
        };
        self.roots[place] = Some(Root { pointer, table });
        self.address(table)
    }

    /// A place that is empty, or else each in turn.
    fn place_for_root(&mut self) -> usize {
        if let Some(empty) = self.roots.iter().position(Option::is_none) {
            return empty;
        }
        self.next_root = (self.next_root + 1) % ROOTS;
        self.next_root
    }

    /// Lets the guest reach a page; what was known of others may be gone.
    pub fn map(&mut self, pointer: u64, guest_physical: u64, mapping: Mapping) {
        if self.try_map(pointer, guest_physical, mapping).is_none() {
            self.forget_all();
            // There is room for one path now.
            let _ = self.try_map(pointer, guest_physical, mapping);
        }
    }

    fn try_map(&mut self, pointer: u64, guest_physical: u64, mapping: Mapping) -> Option<()> {
        let root = self.root(pointer);
        let mut table = self.index(root);
        let last = if mapping.bits >= 21 { 1 } else { 0 };
        for level in (last + 1..4).rev() {
            let place = (guest_physical >> (12 + 9 * level)) as usize % ENTRIES;
            let entry = self.tables[table].0[place];
            if entry & PRESENT != 0 && entry & LARGE == 0 {
                table = self.index(entry & ADDRESS);
                continue;
            }
            let next = self.take()?;
            self.tables[table].0[place] = self.address(next) | PRESENT | WRITABLE | USER | USED;
            table = next;
        }
        let place = (guest_physical >> (12 + 9 * last)) as usize % ENTRIES;
        let old = self.tables[table].0[place];
        if last == 1 && old & PRESENT != 0 && old & LARGE == 0 {
            self.release(self.index(old & ADDRESS), 0);
        }
        let inside = (1u64 << (12 + 9 * last)) - 1;
        let mut entry = mapping.physical & ADDRESS & !inside | PRESENT | USER | USED;
        if last == 1 {
            entry |= LARGE;
        }
        if mapping.rights & 2 != 0 {
            entry |= WRITABLE;
        }
        if mapping.rights & 4 == 0 {
            entry |= NO_EXECUTE;
        }
        self.tables[table].0[place] = entry;
        Some(())
    }

    /// Forgets what it knows of an EPT pointer.
    pub fn forget(&mut self, pointer: u64) {
        for place in 0..ROOTS {
            if let Some(root) = self.roots[place].take_if(|root| root.pointer == pointer) {
                self.release(root.table, 3);
            }
        }
    }

    /// Forgets everything.
    pub fn forget_all(&mut self) {
        self.roots = [None; ROOTS];
        self.free = NONE;
        self.used = 0;
    }

    fn take(&mut self) -> Option<usize> {
        let table = if self.free != NONE {
            let table = self.free;
            self.free = self.tables[table].0[0] as usize;
            table
        } else if self.used < self.tables.len() {
            self.used += 1;
            self.used - 1
        } else {
            return None;
        };
        self.tables[table].0.fill(0);
        Some(table)
    }

    fn release(&mut self, table: usize, level: u32) {
        for place in 0..ENTRIES {
            let entry = self.tables[table].0[place];
            if level > 0 && entry & PRESENT != 0 && entry & LARGE == 0 {
                self.release(self.index(entry & ADDRESS), level - 1);
            }
        }
        self.tables[table].0[0] = self.free as u64;
        self.free = table;
    }

    const fn address(&self, table: usize) -> u64 {
        self.base + table as u64 * 4096
    }

    const fn index(&self, address: u64) -> usize {
        ((address - self.base) / 4096) as usize
    }
}

#[cfg(test)]
mod tests;
