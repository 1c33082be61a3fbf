// SPDX-License-Identifier: BSD-2-Clause
//! Walks through page tables: the hypervisor's, its guest's, and the extended ones between them.

use crate::host::Memory;

const PRESENT: u64 = 1 << 0;
const LARGE: u64 = 1 << 7;
const ADDRESS: u64 = 0x000f_ffff_ffff_f000;
/// CR0.PG, CR4.PAE, CR4.PSE, EFER.LMA.
const CR0_PG: u64 = 1 << 31;
const CR4_PSE: u64 = 1 << 4;
const CR4_PAE: u64 = 1 << 5;
const EFER_LMA: u64 = 1 << 10;

/// The registers that say how linear addresses are translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paging {
    /// CR0.
    pub cr0: u64,
    /// CR3.
    pub cr3: u64,
    /// CR4.
    pub cr4: u64,
    /// EFER.
    pub efer: u64,
}

impl Paging {
    /// The physical address of a linear one. Rights are not looked at: what is translated has just
    /// been used by the CPU. `read` gets entries by physical address, of as many bytes.
    pub fn translate(&self, linear: u64, read: impl Fn(u64, usize) -> Option<u64>) -> Option<u64> {
        if self.cr0 & CR0_PG == 0 {
            return Some(linear & 0xffff_ffff);
        }
        if self.efer & EFER_LMA != 0 {
            return walk(self.cr3 & ADDRESS, 4, linear, &read);
        }
        let linear = linear & 0xffff_ffff;
        if self.cr4 & CR4_PAE == 0 {
            return self.walk_32(linear, read);
        }
        let top = read((self.cr3 & 0xffff_ffe0) + (linear >> 30) * 8, 8)?;
        if top & PRESENT == 0 {
            return None;
        }
        walk(top & ADDRESS, 2, linear, &read)
    }

    fn walk_32(&self, linear: u64, read: impl Fn(u64, usize) -> Option<u64>) -> Option<u64> {
        let directory = read((self.cr3 & 0xffff_f000) + (linear >> 22) * 4, 4)?;
        if directory & PRESENT == 0 {
            return None;
        }
        if directory & LARGE != 0 && self.cr4 & CR4_PSE != 0 {
            let upper = (directory >> 13 & 0xff) << 32;
            return Some(upper | directory & 0xffc0_0000 | linear & 0x3f_ffff);
        }
        let table = directory & 0xffff_f000;
        let page = read(table + (linear >> 12 & 0x3ff) * 4, 4)?;
        (page & PRESENT != 0).then_some(page & 0xffff_f000 | linear & 0xfff)
    }
}

/// A walk of up to four levels of 512 entries.
fn walk(
    root: u64,
    levels: u32,
    linear: u64,
    read: &impl Fn(u64, usize) -> Option<u64>,
) -> Option<u64> {
    let mut table = root;
    for level in (0..levels).rev() {
        let shift = 12 + 9 * level;
        let entry = read(table + (linear >> shift & 0x1ff) * 8, 8)?;
        if entry & PRESENT == 0 {
            return None;
        }
        if level == 0 || (level < 3 && entry & LARGE != 0) {
            let inside = (1 << shift) - 1;
            return Some(entry & ADDRESS & !inside | linear & inside);
        }
        table = entry & ADDRESS;
    }
    None
}

/// What an extended page table says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extended {
    /// It goes there.
    Mapped(Mapping),
    /// An entry has no right at all; those of the way there, which are none.
    Absent,
    /// An entry is malformed (SDM 29.3.3.1).
    Malformed,
}

/// Where a guest-physical address goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mapping {
    /// Physical address.
    pub physical: u64,
    /// Rights: bit 0 to read, 1 to write, 2 to execute.
    pub rights: u64,
    /// The size of the page, in bits of an address.
    pub bits: u32,
}

/// Walks the extended page table that the EPT pointer names, which was checked to have four levels.
pub fn extended(memory: &impl Memory, pointer: u64, guest_physical: u64) -> Extended {
    let mut table = pointer & ADDRESS;
    let mut rights = 7;
    if guest_physical >> 48 != 0 {
        return Extended::Absent;
    }
    for level in (0..4).rev() {
        let shift = 12 + 9 * level;
        let Ok(entry) = memory.read_u64(table + (guest_physical >> shift & 0x1ff) * 8) else {
            return Extended::Malformed;
        };
        if entry & 7 == 0 {
            return Extended::Absent;
        }
        // Writable or executable only: neither can be (no execute-only pages here).
        if entry & 1 == 0 {
            return Extended::Malformed;
        }
        rights &= entry & 7;
        let leaf = level == 0 || (level < 3 && entry & LARGE != 0);
        let inside = (1u64 << shift) - 1;
        if !leaf {
            let reserved = if level == 3 { 0xf8 } else { 0x78 };
            if entry & reserved != 0 {
                return Extended::Malformed;
            }
            table = entry & ADDRESS;
            continue;
        }
        let memory_type = entry >> 3 & 7;
        if !matches!(memory_type, 0 | 1 | 4 | 5 | 6) || entry & ADDRESS & inside != 0 {
            return Extended::Malformed;
        }
        return Extended::Mapped(Mapping {
            physical: entry & ADDRESS & !inside | guest_physical & inside,
            rights,
            bits: shift,
        });
    }
    Extended::Malformed
}

#[cfg(test)]
mod tests;
