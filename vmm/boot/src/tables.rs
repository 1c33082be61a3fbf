// SPDX-License-Identifier: BSD-2-Clause
//! The tables of the CPU that a kernel finds when it starts.

use vmm_base::{Gpa, GuestRam, OutOfRange};

use crate::layout::{GDT, PAGE_TABLES};

/// What Linux wants: its `__BOOT_CS` and `__BOOT_DS`.
pub const CODE_SELECTOR: u16 = 0x10;
/// See [`CODE_SELECTOR`].
pub const DATA_SELECTOR: u16 = 0x18;
/// The last byte of four descriptors.
pub const GDT_LIMIT: u32 = 4 * 8 - 1;

/// Flat segments from 0 to the end of 4 GiB: SDM vol. 3A 3.4.5.
const CODE_64: u64 = 0x00af_9b00_0000_ffff;
const CODE_32: u64 = 0x00cf_9b00_0000_ffff;
const DATA: u64 = 0x00cf_9300_0000_ffff;

/// Present and writable, and a page of 2 MiB: SDM vol. 3A 4.5.
const PRESENT: u64 = 3;
const LARGE: u64 = 1 << 7;
const PAGE: u64 = 0x1000;
/// Each maps 1 GiB.
const DIRECTORIES: u64 = 4;

/// The global descriptor table for code of 64 or 32 bits.
pub fn write_gdt(ram: GuestRam<'_>, long: bool) -> Result<(), OutOfRange> {
    let code = if long { CODE_64 } else { CODE_32 };
    for (number, descriptor) in (0..).zip([0, 0, code, DATA]) {
        write(ram, GDT + 8 * number, descriptor)?;
    }
    Ok(())
}

/// Page tables of four levels that map the first 4 GiB to themselves.
pub fn write_page_tables(ram: GuestRam<'_>) -> Result<(), OutOfRange> {
    let pointers = PAGE_TABLES + PAGE;
    let directories = pointers + PAGE;
    ram.clear(Gpa(PAGE_TABLES), 2 * PAGE as usize)?;
    write(ram, PAGE_TABLES, pointers | PRESENT)?;
    for number in 0..DIRECTORIES {
        let directory = directories + number * PAGE;
        write(ram, pointers + 8 * number, directory | PRESENT)?;
    }
    for number in 0..DIRECTORIES * 512 {
        let entry = number << 21 | LARGE | PRESENT;
        write(ram, directories + 8 * number, entry)?;
    }
    Ok(())
}

fn write(ram: GuestRam<'_>, at: u64, value: u64) -> Result<(), OutOfRange> {
    ram.write(Gpa(at), &value.to_le_bytes())
}
