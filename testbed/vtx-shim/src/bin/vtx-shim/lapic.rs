// SPDX-License-Identifier: BSD-2-Clause
//! The local APIC, which is the hypervisor's but for the start of other CPUs and the end of
//! interrupts that only the shim sees.

use core::arch::asm;
use core::ptr;

use crate::processor::{read_msr, write_msr};

const BASE_MSR: u32 = 0x1b;
const X2APIC: u64 = 1 << 10;
pub const PAGE: u64 = 0xfee0_0000;
pub const EOI: u64 = 0xb0;
pub const SPURIOUS: u64 = 0xf0;
pub const ICR: u64 = 0x300;
pub const ICR_HIGH: u64 = 0x310;
/// The MSR of the interrupt command in x2APIC mode.
pub const ICR_MSR: u32 = 0x830;
const EOI_MSR: u32 = 0x80b;

/// A register of the page.
pub fn read(offset: u64) -> u32 {
    // SAFETY: the page is mapped, and only the hypervisor's registers are in it.
    unsafe { ptr::read_volatile((PAGE + offset) as *const u32) }
}

/// Sets one.
pub fn write(offset: u64, value: u32) {
    // SAFETY: as above.
    unsafe { ptr::write_volatile((PAGE + offset) as *mut u32, value) };
}

/// Ends the interrupt in service.
pub fn end_of_interrupt() {
    if read_msr(BASE_MSR) & X2APIC != 0 {
        write_msr(EOI_MSR, 0);
    } else {
        write(EOI, 0);
    }
}

/// Sends all other CPUs to the code at `page << 12`, which has to be below 1 MiB.
pub fn start_others(page: u8) {
    const INIT: u32 = 0xc_4500;
    const START: u32 = 0xc_4600;
    let spurious = read(SPURIOUS);
    write(SPURIOUS, spurious | 1 << 8);
    write(ICR_HIGH, 0);
    write(ICR, INIT);
    pause(30_000_000);
    write(ICR, START | u32::from(page));
    pause(200_000_000);
    write(SPURIOUS, spurious);
}

fn pause(ticks: u64) {
    let start = time();
    while time() - start < ticks {
        core::hint::spin_loop();
    }
}

/// The time-stamp counter.
pub fn time() -> u64 {
    let (low, high): (u32, u32);
    // SAFETY: no effect.
    unsafe { asm!("rdtsc", out("eax") low, out("edx") high, options(nomem, nostack)) };
    u64::from(high) << 32 | u64::from(low)
}
