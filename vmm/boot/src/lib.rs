// SPDX-License-Identifier: BSD-2-Clause
//! Loads a guest: puts its kernel and what the kernel wants to find into the guest's memory, and
//! says in which state its CPU starts.
//!
//! Two kinds of kernels are known by their contents:
//!
//! * **Linux** (a bzImage of boot protocol 2.12 or later), through its 64-bit entry: with an
//!   initramfs, a command line, and the ACPI tables ("The Linux/x86 Boot Protocol",
//!   Documentation/arch/x86/boot.rst).
//! * **multiboot 1** (an ELF file, or a flat one with addresses in its header), through its 32-bit
//!   entry without paging, for which the CPU needs unrestricted guests ("Multiboot Specification
//!   version 0.6.96"). The initramfs becomes its only module.
//!
//! All files are hostile: every number in them is checked, and each refusal is an [`Error`] that
//! says what is wrong. What is written lies within the guest's memory in any case.
//!
//! It does not decompress, relocate or start anything, makes no ACPI tables, and knows nothing of
//! virtual CPUs: [`EntryState`] is data.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod bytes;
mod entry;
mod error;
pub mod layout;
mod linux;
mod memory_map;
mod multiboot;
mod reset;
mod tables;
#[cfg(test)]
mod tests;

use vmm_base::{Gpa, GuestRam};

pub use entry::{EntryState, SegmentState, Table};
pub use error::Error;

/// What a guest consists of.
#[derive(Debug, Clone, Copy)]
pub struct Guest<'a> {
    /// The kernel's file.
    pub kernel: &'a [u8],
    /// The initramfs; empty if there is none.
    pub initramfs: &'a [u8],
    /// The command line. It ends at the first zero byte, if there is one.
    pub command_line: &'a [u8],
    /// Where the caller puts the ACPI RSDP, if it does.
    pub rsdp: Option<Gpa>,
}

/// Puts `guest` into its memory, and says how its CPU starts.
///
/// # Errors
///
/// If the memory is too small or too large, or the files are not what they should be. The contents of
/// the memory are unspecified then.
pub fn load(ram: GuestRam<'_>, guest: &Guest<'_>) -> Result<EntryState, Error> {
    let size = ram.size() as u64;
    if !(layout::RAM_MIN..=layout::RAM_MAX).contains(&size) {
        return Err(Error::RamSize(size));
    }
    let end = guest.command_line.iter().position(|byte| *byte == 0);
    let guest = Guest {
        command_line: &guest.command_line[..end.unwrap_or(guest.command_line.len())],
        ..*guest
    };
    reset::write(ram)?;
    if linux::is_one(guest.kernel) {
        return linux::load(ram, &guest);
    }
    match multiboot::find(guest.kernel)? {
        Some(header) => multiboot::load(ram, &guest, &header),
        None => Err(Error::UnknownKernel),
    }
}

/// Where the initramfs goes: as high as possible below `end`, in whole pages, and not below `start`;
/// 0 if there is none.
fn place_initramfs(initramfs: &[u8], start: u64, end: u64) -> Result<u64, Error> {
    let size = initramfs.len();
    if size == 0 {
        return Ok(0);
    }
    let at = end.checked_sub(size as u64).map(|at| at & !0xfff);
    at.filter(|at| *at >= start).ok_or(Error::Initramfs {
        size,
        free: end.saturating_sub(start),
    })
}
