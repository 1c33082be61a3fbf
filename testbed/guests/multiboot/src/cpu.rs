// SPDX-License-Identifier: BSD-2-Clause
//! Instructions of the CPU.

use core::arch::asm;
use core::arch::x86_64::{__cpuid_count, _rdtsc, CpuidResult};

use crate::trap::{self, Trap};

/// CPUID.
pub fn cpuid(leaf: u32, subleaf: u32) -> CpuidResult {
    __cpuid_count(leaf, subleaf)
}

/// The time-stamp counter, after all instructions before.
pub fn tsc() -> u64 {
    // SAFETY: every CPU of 64 bits has the instruction, and the guest is privileged.
    unsafe {
        core::arch::x86_64::_mm_lfence();
        _rdtsc()
    }
}

/// Reads a model-specific register, or says how it was refused.
///
/// # Errors
///
/// The exception.
pub fn read_msr(register: u32) -> Result<u64, Trap> {
    let mut value = 0;
    trap::catch(|| {
        let (low, high): (u32, u32);
        // SAFETY: reading has no effect on memory.
        unsafe {
            asm!("rdmsr", in("ecx") register, out("eax") low, out("edx") high,
                 options(nostack, preserves_flags));
        }
        value = u64::from(high) << 32 | u64::from(low);
    })?;
    Ok(value)
}

/// Writes a model-specific register, or says how it was refused.
///
/// # Errors
///
/// The exception.
pub fn write_msr(register: u32, value: u64) -> Result<(), Trap> {
    trap::catch(|| {
        // SAFETY: whoever calls this knows what the register does; none of those that tests write
        // changes where memory is.
        unsafe {
            asm!("wrmsr", in("ecx") register, in("eax") value as u32,
                 in("edx") (value >> 32) as u32, options(nostack, preserves_flags));
        }
    })
}

/// Interrupts may come.
pub fn interrupts_on() {
    // SAFETY: every vector has a handler.
    unsafe { asm!("sti", "nop") };
}

/// No interrupts any more.
pub fn interrupts_off() {
    // SAFETY: harmless.
    unsafe { asm!("cli") };
}

/// Are interrupts on?
pub fn flags() -> u64 {
    let flags;
    // SAFETY: reads only; without `nostack` the red zone is kept free.
    unsafe { asm!("pushfq", "pop {}", out(reg) flags) };
    flags
}

/// Waits for an interrupt, which comes with interrupts on; then they are off.
pub fn wait_for_interrupt() {
    // SAFETY: every vector has a handler.
    unsafe { asm!("sti", "hlt", "cli") };
}

/// Halts with interrupts off.
pub fn halt_for_ever() {
    // SAFETY: does not come back.
    unsafe { asm!("cli", "hlt") };
}

/// Is this QEMU's own emulation of a CPU (TCG)? There are things that it does not do as CPUs do.
pub fn is_tcg() -> bool {
    let leaf = cpuid(0x4000_0000, 0);
    let name = [leaf.ebx, leaf.ecx, leaf.edx].map(u32::to_le_bytes);
    name.as_flattened() == b"TCGTCGTCGTCG"
}
