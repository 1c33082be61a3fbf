// SPDX-License-Identifier: BSD-2-Clause
//! The page table that the hypervisor's physical addresses go through: all of memory to itself, but
//! for the shim's own.

use core::cell::UnsafeCell;

use vtx_shim::Table;

use crate::lapic;

/// Where the shim is, and nobody else: from there to the page where it ends. The boot loader puts the
/// modules behind it.
pub const FIRST: u64 = 0x800_0000;

/// Where it ends.
pub fn end() -> u64 {
    unsafe extern "C" {
        static _end: u8;
    }
    (&raw const _end as u64).next_multiple_of(0x1000)
}

const FLAGS: u64 = 0x67;
const LARGE: u64 = 1 << 7;
const WRITABLE: u64 = 1 << 1;
const LARGE_SIZE: u64 = 1 << 21;
const GIB: u64 = 1 << 30;

struct Tables {
    root: Table,
    upper: Table,
    directories: [Table; 4],
    apic: Table,
    last: Table,
}

struct Shared(UnsafeCell<Tables>);

// SAFETY: the first CPU fills it before there are others; then CPUs change single entries.
unsafe impl Sync for Shared {}

const EMPTY: Table = Table([0; 512]);
static TABLES: Shared = Shared(UnsafeCell::new(Tables {
    root: EMPTY,
    upper: EMPTY,
    directories: [EMPTY; 4],
    apic: EMPTY,
    last: EMPTY,
}));

/// Fills it: the first 512 GiB, in pages of 2 MiB where there is something to leave out.
pub fn fill() {
    // SAFETY: nobody else uses it yet.
    let tables = unsafe { &mut *TABLES.0.get() };
    tables.root.0[0] = &raw const tables.upper as u64 | FLAGS;
    for (entry, number) in tables.upper.0.iter_mut().zip(0..) {
        *entry = (number * GIB) | FLAGS | LARGE;
    }
    for (directory, number) in tables.directories.iter_mut().zip(0..) {
        tables.upper.0[number as usize] = &raw const *directory as u64 | FLAGS;
        for (entry, place) in directory.0.iter_mut().zip(0..) {
            let at = number * GIB + place * LARGE_SIZE;
            let is_shim = (FIRST..end()).contains(&at);
            *entry = if is_shim { 0 } else { at | FLAGS | LARGE };
        }
    }
    for (entry, number) in tables.apic.0.iter_mut().zip(0..) {
        *entry = lapic::PAGE & !(LARGE_SIZE - 1) | number << 12 | FLAGS;
    }
    // The piece in which the shim ends.
    let last = end() & !(LARGE_SIZE - 1);
    for (entry, number) in tables.last.0.iter_mut().zip(0..) {
        let at = last + number * 0x1000;
        *entry = if at < end() { 0 } else { at | FLAGS };
    }
    let place = (last / LARGE_SIZE) as usize;
    tables.directories[0].0[place] = &raw const tables.last as u64 | FLAGS;
    let place = (lapic::PAGE % GIB / LARGE_SIZE) as usize;
    tables.directories[3].0[place] = &raw const tables.apic as u64 | FLAGS;
}

/// Its physical address.
pub fn root() -> u64 {
    // SAFETY: no reference is made.
    unsafe { &raw const (*TABLES.0.get()).root as u64 }
}

/// Lets the hypervisor write the local APIC's page, or not.
pub fn let_apic_be_written(yes: bool) {
    // SAFETY: an aligned word, which CPUs only read.
    let entry = unsafe { &raw mut (*TABLES.0.get()).apic.0[(lapic::PAGE >> 12 & 0x1ff) as usize] };
    let value = lapic::PAGE | FLAGS & !if yes { 0 } else { WRITABLE };
    // SAFETY: as above.
    unsafe { entry.write_volatile(value) };
}
