// SPDX-License-Identifier: BSD-2-Clause
//! The CPU, asked directly.

use core::arch::x86_64::{__cpuid, _rdtsc};

/// The time-stamp counter, in cycles since the machine started.
pub fn cycles() -> u64 {
    // SAFETY: every CPU that runs this has the instruction, and the kernel does not forbid it.
    unsafe { _rdtsc() }
}

/// Spins until `condition` holds; whether it did within `limit` cycles.
pub fn spin_until(limit: u64, mut condition: impl FnMut() -> bool) -> bool {
    let start = cycles();
    loop {
        if condition() {
            return true;
        }
        if cycles().wrapping_sub(start) > limit {
            return false;
        }
        core::hint::spin_loop();
    }
}

/// The local APIC id of the core that this runs on (CPUID leaf 1, EBX bits 31:24).
pub fn apic_id() -> u8 {
    (__cpuid(1).ebx >> 24) as u8
}
