// SPDX-License-Identifier: BSD-2-Clause
//! I/O ports. What a port does to the machine is for the caller to know; none does anything to
//! memory, since no device of the machines that these guests run on is set up for DMA.

use core::arch::asm;

/// IN of a byte.
pub fn read8(port: u16) -> u8 {
    let value;
    // SAFETY: see the module.
    unsafe { asm!("in al, dx", out("al") value, in("dx") port, options(nostack, preserves_flags)) };
    value
}

/// IN of two bytes.
pub fn read16(port: u16) -> u16 {
    let value;
    // SAFETY: see the module.
    unsafe { asm!("in ax, dx", out("ax") value, in("dx") port, options(nostack, preserves_flags)) };
    value
}

/// IN of four bytes.
pub fn read32(port: u16) -> u32 {
    let value;
    // SAFETY: see the module.
    unsafe {
        asm!("in eax, dx", out("eax") value, in("dx") port, options(nostack, preserves_flags));
    }
    value
}

/// OUT of a byte.
pub fn write8(port: u16, value: u8) {
    // SAFETY: see the module.
    unsafe { asm!("out dx, al", in("al") value, in("dx") port, options(nostack, preserves_flags)) };
}

/// OUT of two bytes.
pub fn write16(port: u16, value: u16) {
    // SAFETY: see the module.
    unsafe { asm!("out dx, ax", in("ax") value, in("dx") port, options(nostack, preserves_flags)) };
}

/// OUT of four bytes.
pub fn write32(port: u16, value: u32) {
    // SAFETY: see the module.
    unsafe {
        asm!("out dx, eax", in("eax") value, in("dx") port, options(nostack, preserves_flags));
    }
}
