// SPDX-License-Identifier: BSD-2-Clause
//! Where what lies in the guest's physical address space.
//!
//! What the loader itself makes lies below 640 KiB, where no kernel is loaded. A kernel that has
//! started may use that memory as it likes.

use core::ops::Range;

/// Bytes of memory that a guest has at least.
pub const RAM_MIN: u64 = 2 << 20;
/// And at most: up to the window for PCI devices.
pub const RAM_MAX: u64 = 3 << 30;

/// End of the low memory, where on PCs that of the graphics adapter begins.
pub const LOW_END: u64 = 0xa_0000;
/// Where firmware is on PCs, and the ACPI tables are here; the guest finds it reserved.
pub const FIRMWARE: Range<u64> = 0xe_0000..0x10_0000;
/// Where a CPU in real mode goes to have the machine reset: the 16 bytes at the end of the firmware.
pub const RESET_VECTOR: u64 = 0xf_fff0;
/// Where the memory goes on.
pub const HIGH_START: u64 = 0x10_0000;
/// Configuration space of PCI bus 0.
pub const ECAM: Range<u64> = 0xe000_0000..0xe010_0000;
/// Registers of the I/O APIC.
pub const IO_APIC: Range<u64> = 0xfec0_0000..0xfec0_1000;
/// Registers of the local APIC.
pub const LOCAL_APIC: Range<u64> = 0xfee0_0000..0xfee0_1000;

/// All that the loader makes lies in here.
pub(crate) const LOADER: Range<u64> = 0x1000..0x2_0000;
/// The global descriptor table: a page.
pub(crate) const GDT: u64 = 0x1000;
/// Linux' zero page, or multiboot's information: a page.
pub(crate) const INFORMATION: u64 = 0x2000;
/// Page tables: six pages.
pub(crate) const PAGE_TABLES: u64 = 0x3000;
/// The command line and its final zero.
pub(crate) const COMMAND_LINE: Range<u64> = 0x1_0000..0x2_0000;

const _: () = assert!(PAGE_TABLES + 6 * 0x1000 <= COMMAND_LINE.start);
const _: () = assert!(COMMAND_LINE.end <= LOADER.end && LOADER.end <= LOW_END);
