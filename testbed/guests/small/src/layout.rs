// SPDX-License-Identifier: BSD-2-Clause
//! Where what lies in the guest's memory.

/// Bytes of guest memory that a lab needs at least, from guest-physical 0.
pub const MEMORY: usize = 0x1_0000;
/// Page tables: three pages.
pub const TABLES: usize = 0x1000;
/// Global descriptor table.
pub const GDT: usize = 0x4000;
/// Interrupt descriptor table.
pub const IDT: usize = 0x5000;
/// Where programs and tests leave words for each other.
pub const DATA: usize = 0x6000;
/// End of the stack.
pub const STACK_END: usize = 0x8000;
/// The program.
pub const CODE: usize = 0x8000;

/// Selector of the code segment.
pub const CODE_SELECTOR: u16 = 8;
/// Selector of the data segments.
pub const DATA_SELECTOR: u16 = 16;
