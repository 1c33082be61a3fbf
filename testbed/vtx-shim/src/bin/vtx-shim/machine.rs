// SPDX-License-Identifier: BSD-2-Clause
//! The machine, as the emulation uses it.

use core::arch::{asm, x86_64::__cpuid_count};
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering};

use vtx_shim::host::{Host, Memory, Outside};
use vtx_shim::vmcb::Vmcb;

use crate::nested;
use crate::processor::{read_msr, write_msr};
use crate::{console, gates, lapic};

/// This CPU.
pub struct Machine;

/// What is mapped.
const END: u64 = 1 << 39;

fn check(at: u64, bytes: u64) -> Result<(), Outside> {
    let end = at.checked_add(bytes).ok_or(Outside)?;
    let overlaps = at < nested::end() && end > nested::FIRST;
    if overlaps || end > END {
        Err(Outside)
    } else {
        Ok(())
    }
}

fn atomic(at: u64) -> Result<&'static AtomicU32, Outside> {
    check(at, 4)?;
    if !at.is_multiple_of(4) {
        return Err(Outside);
    }
    // SAFETY: it is mapped, aligned and not the shim's; others use it by accesses of the CPU only.
    Ok(unsafe { AtomicU32::from_ptr(at as *mut u32) })
}

impl Memory for Machine {
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Outside> {
        check(at, into.len() as u64)?;
        // SAFETY: it is mapped, and nothing of the shim's.
        unsafe { ptr::copy_nonoverlapping(at as *const u8, into.as_mut_ptr(), into.len()) };
        Ok(())
    }

    fn write(&self, at: u64, from: &[u8]) -> Result<(), Outside> {
        check(at, from.len() as u64)?;
        // SAFETY: as above.
        unsafe { ptr::copy_nonoverlapping(from.as_ptr(), at as *mut u8, from.len()) };
        Ok(())
    }

    fn is_whole(&self, at: u64, bits: u32) -> bool {
        let size = 1u64 << bits;
        check(at & !(size - 1), size).is_ok()
    }

    fn swap_u32(&self, at: u64, set: u32) -> Result<u32, Outside> {
        Ok(atomic(at)?.swap(set, Ordering::SeqCst))
    }

    fn clear_u32(&self, at: u64, bits: u32) -> Result<(), Outside> {
        atomic(at)?.fetch_and(!bits, Ordering::SeqCst);
        Ok(())
    }
}

impl Host for Machine {
    fn read_msr(&mut self, msr: u32) -> u64 {
        read_msr(msr)
    }

    fn write_msr(&mut self, msr: u32, value: u64) {
        write_msr(msr, value);
    }

    fn cpuid(&mut self, leaf: u32, subleaf: u32) -> [u32; 4] {
        let answer = __cpuid_count(leaf, subleaf);
        [answer.eax, answer.ebx, answer.ecx, answer.edx]
    }

    fn input(&mut self, port: u16, bytes: usize) -> u32 {
        let mut value = 0u32;
        // SAFETY: the hypervisor's guest may use the port, by its bitmap.
        unsafe {
            match bytes {
                1 => asm!("in al, dx", in("dx") port, inout("eax") value, options(nostack)),
                2 => asm!("in ax, dx", in("dx") port, inout("eax") value, options(nostack)),
                _ => asm!("in eax, dx", in("dx") port, inout("eax") value, options(nostack)),
            }
        }
        value
    }

    fn output(&mut self, port: u16, bytes: usize, value: u32) {
        // SAFETY: as above.
        unsafe {
            match bytes {
                1 => asm!("out dx, al", in("dx") port, in("eax") value, options(nostack)),
                2 => asm!("out dx, ax", in("dx") port, in("eax") value, options(nostack)),
                _ => asm!("out dx, eax", in("dx") port, in("eax") value, options(nostack)),
            }
        }
    }

    fn acknowledge(&mut self) -> Option<u8> {
        gates::take()
    }

    fn end_of_interrupt(&mut self) {
        lapic::end_of_interrupt();
    }

    fn tsc(&self) -> u64 {
        lapic::time()
    }

    fn save(&mut self, vmcb: &mut Vmcb) {
        // SAFETY: a control block, at its physical address; the registers are those of who runs.
        unsafe { asm!("vmsave rax", in("rax") &raw mut *vmcb, options(nostack)) };
    }

    fn load(&mut self, vmcb: &Vmcb) {
        // SAFETY: as above. The shim uses none of the registers that are loaded.
        unsafe { asm!("vmload rax", in("rax") &raw const *vmcb, options(nostack)) };
    }

    fn log(&mut self, line: core::fmt::Arguments<'_>) {
        console::line(line);
    }
}
