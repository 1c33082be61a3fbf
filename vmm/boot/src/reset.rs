// SPDX-License-Identifier: BSD-2-Clause
//! All that there is of a firmware: the reset vector.
//!
//! On hardware-reduced ACPI, Linux takes EFI for the way to restart, and where there is none, does what
//! a PC's software did of old: it goes back to real mode and jumps to 0xf000:0xfff0.

use vmm_base::{Gpa, GuestRam, OutOfRange};

use crate::layout::RESET_VECTOR;

/// Of 16 bits: bit 0 of port 0x92 resets the machine.
const CODE: [u8; 7] = [
    0xb0, 0x01, // mov al, 1
    0xe6, 0x92, // out 0x92, al
    0xf4, // hlt
    0xeb, 0xfd, // jmp to the hlt
];

/// Puts it to its place.
pub fn write(ram: GuestRam<'_>) -> Result<(), OutOfRange> {
    ram.write(Gpa(RESET_VECTOR), &CODE)
}
