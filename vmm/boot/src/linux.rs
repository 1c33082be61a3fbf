// SPDX-License-Identifier: BSD-2-Clause
//! Linux, through its 64-bit entry: boot.rst, "64-bit Boot Protocol".

mod header;
#[cfg(test)]
pub mod tests;

use vmm_base::{Gpa, GuestRam};

use crate::layout::{COMMAND_LINE, INFORMATION};
use crate::{EntryState, Error, Guest, memory_map, tables};
use header::Header;
pub use header::is_one;

/// Offsets in the zero page: Documentation/arch/x86/zero-page.rst, and boot.rst for those that lie in
/// the setup header.
mod zero_page {
    pub const SIZE: usize = 0x1000;
    pub const ACPI_RSDP_ADDR: u64 = 0x070;
    pub const E820_ENTRIES: u64 = 0x1e8;
    pub const VID_MODE: u64 = 0x1fa;
    pub const TYPE_OF_LOADER: u64 = 0x210;
    pub const RAMDISK_IMAGE: u64 = 0x218;
    pub const RAMDISK_SIZE: u64 = 0x21c;
    pub const CMD_LINE_PTR: u64 = 0x228;
    pub const E820_TABLE: u64 = 0x2d0;
}

/// The mode of the screen: as it is.
const NORMAL_VIDEO_MODE: u16 = 0xffff;
/// A loader without a number of its own.
const UNKNOWN_LOADER: u8 = 0xff;
/// From the start of the kernel to its 64-bit entry.
const ENTRY: u64 = 0x200;

/// Loads a kernel that [`is_one`].
pub fn load(ram: GuestRam<'_>, guest: &Guest<'_>) -> Result<EntryState, Error> {
    let header = Header::parse(guest.kernel)?;
    let size = ram.size() as u64;
    let end = header.address.checked_add(header.memory.into());
    let Some(end) = end.filter(|end| *end <= size) else {
        let end = header.address.saturating_add(header.memory.into());
        let start = header.address;
        return Err(Error::KernelRange { start, end });
    };
    let limit = header.command_line_max.min(Error::COMMAND_LINE_MAX);
    if guest.command_line.len() > limit {
        let size = guest.command_line.len();
        return Err(Error::CommandLine { size, limit });
    }
    let initramfs = crate::place_initramfs(guest.initramfs, end, size.min(header.initramfs_end))?;

    tables::write_gdt(ram, true)?;
    tables::write_page_tables(ram)?;
    ram.write(Gpa(header.address), header.kernel)?;
    ram.write(Gpa(initramfs), guest.initramfs)?;
    ram.write(Gpa(COMMAND_LINE.start), guest.command_line)?;
    ram.clear(Gpa(COMMAND_LINE.start + guest.command_line.len() as u64), 1)?;
    write_zero_page(ram, &header, guest, initramfs)?;
    Ok(EntryState {
        rsi: INFORMATION,
        ..EntryState::long_mode(header.address + ENTRY)
    })
}

fn write_zero_page(
    ram: GuestRam<'_>,
    header: &Header<'_>,
    guest: &Guest<'_>,
    initramfs: u64,
) -> Result<(), Error> {
    let write = |offset: u64, bytes: &[u8]| ram.write(Gpa(INFORMATION + offset), bytes);
    ram.clear(Gpa(INFORMATION), zero_page::SIZE)?;
    write(header::START as u64, header.setup)?;
    write(zero_page::VID_MODE, &NORMAL_VIDEO_MODE.to_le_bytes())?;
    write(zero_page::TYPE_OF_LOADER, &[UNKNOWN_LOADER])?;
    // Both fit 32 bits, as the memory does.
    let (at, length) = (initramfs as u32, guest.initramfs.len() as u32);
    write(zero_page::RAMDISK_IMAGE, &at.to_le_bytes())?;
    write(zero_page::RAMDISK_SIZE, &length.to_le_bytes())?;
    let command_line = COMMAND_LINE.start as u32;
    write(zero_page::CMD_LINE_PTR, &command_line.to_le_bytes())?;
    let rsdp = guest.rsdp.unwrap_or_default();
    write(zero_page::ACPI_RSDP_ADDR, &rsdp.0.to_le_bytes())?;
    let ranges = memory_map::ranges(ram.size() as u64);
    write(zero_page::E820_ENTRIES, &[memory_map::RANGES as u8])?;
    for (offset, range) in (zero_page::E820_TABLE..).step_by(20).zip(&ranges) {
        write(offset, &memory_map::entry(range))?;
    }
    Ok(())
}
