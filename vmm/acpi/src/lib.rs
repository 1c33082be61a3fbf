// SPDX-License-Identifier: BSD-2-Clause
//! The ACPI tables that describe a guest's machine, after ACPI 6.5; `§` in this crate means its
//! sections.
//!
//! The machine is hardware-reduced (§4.1): it has no power management timer, no PM registers, no
//! SCI and no PICs, but APICs, and three registers to turn it off and to reset it. [`tables`] makes
//! RSDP, XSDT, FADT, MADT, MCFG and DSDT in one piece of memory, for whoever puts it into the guest's.
//!
//! The tables are made by the crate `acpi_tables`; this one says what is in them.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod dsdt;
mod fixed;
mod machine;
mod memory;

pub use machine::{Device, Machine};
pub use memory::tables;

/// Who made the tables.
const OEM: [u8; 6] = *b"PSTERN";
/// What machine they are of.
const OEM_TABLE: [u8; 8] = *b"POSTERNV";
const OEM_REVISION: u32 = 1;
