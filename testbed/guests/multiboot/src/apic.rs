// SPDX-License-Identifier: BSD-2-Clause
//! The local APIC by its page (SDM vol. 3A 12.4), and the interrupt controllers before it.

use core::ptr;

use crate::port;

/// Where its page is.
pub const BASE: usize = 0xfee0_0000;

/// Registers by offset.
#[allow(missing_docs)]
pub mod register {
    pub const ID: usize = 0x20;
    pub const VERSION: usize = 0x30;
    pub const TPR: usize = 0x80;
    pub const PPR: usize = 0xa0;
    pub const EOI: usize = 0xb0;
    pub const LDR: usize = 0xd0;
    pub const DFR: usize = 0xe0;
    pub const SPURIOUS: usize = 0xf0;
    pub const ISR: usize = 0x100;
    pub const TMR: usize = 0x180;
    pub const IRR: usize = 0x200;
    pub const ESR: usize = 0x280;
    pub const ICR_LOW: usize = 0x300;
    pub const ICR_HIGH: usize = 0x310;
    pub const LVT_TIMER: usize = 0x320;
    pub const LVT_LINT0: usize = 0x350;
    pub const LVT_LINT1: usize = 0x360;
    pub const INITIAL_COUNT: usize = 0x380;
    pub const CURRENT_COUNT: usize = 0x390;
    pub const DIVIDE: usize = 0x3e0;
}

/// Bits of a local vector table's entry.
pub const MASKED: u32 = 1 << 16;
/// Timer: again and again.
pub const PERIODIC: u32 = 1 << 17;
/// Timer: by the time-stamp counter.
pub const TSC_DEADLINE: u32 = 2 << 17;

/// MSR: IA32_APIC_BASE.
pub const APIC_BASE: u32 = 0x1b;
/// MSR: IA32_TSC_DEADLINE.
pub const DEADLINE: u32 = 0x6e0;

/// Reads a register.
pub fn read(register: usize) -> u32 {
    // SAFETY: the page is mapped and nothing but the APIC.
    unsafe { ptr::read_volatile((BASE + register) as *const u32) }
}

/// Writes a register.
pub fn write(register: usize, value: u32) {
    // SAFETY: as above; an interrupt has a handler.
    unsafe { ptr::write_volatile((BASE + register) as *mut u32, value) };
}

/// Tells that the interrupt in service is done.
pub fn eoi() {
    write(register::EOI, 0);
}

/// Sends an interrupt to this CPU.
pub fn send_to_self(vector: u8) {
    const SELF: u32 = 1 << 18;
    write(register::ICR_LOW, SELF | u32::from(vector));
}

/// Is this vector's bit set in the register of 256 bits that starts here?
pub fn bit(first: usize, vector: u8) -> bool {
    let vector = usize::from(vector);
    read(first + vector / 32 * 16) & 1 << (vector % 32) != 0
}

/// No interrupts from the controllers of old, from timers or lines; then the APIC is on.
pub(crate) fn prepare() {
    port::write8(0x21, 0xff);
    port::write8(0xa1, 0xff);
    write(register::SPURIOUS, 0x1ff);
    for lvt in [
        register::LVT_TIMER,
        register::LVT_LINT0,
        register::LVT_LINT1,
    ] {
        write(lvt, MASKED);
    }
    write(register::TPR, 0);
}
