// SPDX-License-Identifier: BSD-2-Clause
//! Images of "Multiboot Specification version 0.6.96", through their 32-bit entry.

mod elf;
mod header;
mod part;
#[cfg(test)]
pub mod tests;

use vmm_base::{Gpa, GuestRam};

use crate::layout::{COMMAND_LINE, HIGH_START, INFORMATION, LOW_END};
use crate::{EntryState, Error, Guest, memory_map, tables};
pub use header::{Header, find};

/// What the kernel finds in EAX.
const MAGIC: u64 = 0x2bad_b002;

/// The information structure (3.3): which of its parts are there, and their offsets.
mod information {
    pub const SIZE: usize = 0x1000;
    pub const HAS_MEMORY: u32 = 1 << 0;
    pub const HAS_COMMAND_LINE: u32 = 1 << 2;
    pub const HAS_MODULES: u32 = 1 << 3;
    pub const HAS_MEMORY_MAP: u32 = 1 << 6;
    pub const FLAGS: u64 = 0;
    pub const MEM_LOWER: u64 = 4;
    pub const MEM_UPPER: u64 = 8;
    pub const CMDLINE: u64 = 16;
    pub const MODS_COUNT: u64 = 20;
    pub const MODS_ADDR: u64 = 24;
    pub const MMAP_LENGTH: u64 = 44;
    pub const MMAP_ADDR: u64 = 48;
    /// What the structure points to, behind it: the memory map, and the one module. Its name is the
    /// empty string that follows.
    pub const MAP: u64 = 0x100;
    pub const MODULE: u64 = 0x200;
    pub const MODULE_NAME: u64 = 0x210;
    /// A range of the map, and the number before it that says how long it is.
    pub const MAP_ENTRY: u64 = 24;
}

/// Loads the image that `header` is from.
pub fn load(ram: GuestRam<'_>, guest: &Guest<'_>, header: &Header) -> Result<EntryState, Error> {
    let limit = Error::COMMAND_LINE_MAX;
    if guest.command_line.len() > limit {
        let size = guest.command_line.len();
        return Err(Error::CommandLine { size, limit });
    }
    let loaded = match header.flat {
        Some(flat) => part::load_flat(ram, guest.kernel, &flat)?,
        None => elf::load(ram, guest.kernel)?,
    };
    let start = loaded.end.max(HIGH_START);
    let module = crate::place_initramfs(guest.initramfs, start, ram.size() as u64)?;
    ram.write(Gpa(module), guest.initramfs)?;
    ram.write(Gpa(COMMAND_LINE.start), guest.command_line)?;
    let command_line_end = COMMAND_LINE.start + guest.command_line.len() as u64;
    ram.clear(Gpa(command_line_end), 1)?;
    write_information(ram, module, guest.initramfs.len())?;
    tables::write_gdt(ram, false)?;
    Ok(EntryState {
        rax: MAGIC,
        rbx: INFORMATION,
        ..EntryState::protected_mode(loaded.entry.into())
    })
}

fn write_information(ram: GuestRam<'_>, module: u64, length: usize) -> Result<(), Error> {
    use information::*;
    ram.clear(Gpa(INFORMATION), SIZE)?;
    // All of them fit 32 bits, as the memory does.
    let write = |offset: u64, value: u64| {
        let value = value as u32;
        ram.write(Gpa(INFORMATION + offset), &value.to_le_bytes())
    };
    let size = ram.size() as u64;
    let mut flags = HAS_MEMORY | HAS_COMMAND_LINE | HAS_MEMORY_MAP;
    write(MEM_LOWER, LOW_END >> 10)?;
    write(MEM_UPPER, (size - HIGH_START) >> 10)?;
    write(CMDLINE, COMMAND_LINE.start)?;
    if length > 0 {
        flags |= HAS_MODULES;
        write(MODS_COUNT, 1)?;
        write(MODS_ADDR, INFORMATION + MODULE)?;
        write(MODULE, module)?;
        write(MODULE + 4, module + length as u64)?;
        write(MODULE + 8, INFORMATION + MODULE_NAME)?;
    }
    write(FLAGS, flags.into())?;
    let ranges = memory_map::ranges(size);
    write(MMAP_LENGTH, MAP_ENTRY * memory_map::RANGES as u64)?;
    write(MMAP_ADDR, INFORMATION + MAP)?;
    for (offset, range) in (MAP..).step_by(MAP_ENTRY as usize).zip(&ranges) {
        let entry = memory_map::entry(range);
        write(offset, entry.len() as u64)?;
        ram.write(Gpa(INFORMATION + offset + 4), &entry)?;
    }
    Ok(())
}
