// SPDX-License-Identifier: BSD-2-Clause
//! What the emulation asks of the machine that it runs on.

use crate::vmcb::Vmcb;

/// An address that is not for the hypervisor: the shim's own memory, or none at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outside;

/// Physical memory, as the hypervisor may use it.
pub trait Memory {
    /// Reads.
    ///
    /// # Errors
    ///
    /// If a byte of it is not the hypervisor's.
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Outside>;

    /// Writes.
    ///
    /// # Errors
    ///
    /// If a byte of it is not the hypervisor's; then nothing is written.
    fn write(&self, at: u64, from: &[u8]) -> Result<(), Outside>;

    /// Reads 32 bits.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_u32(&self, at: u64) -> Result<u32, Outside> {
        let mut bytes = [0; 4];
        self.read(at, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    /// Reads 64 bits.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    fn read_u64(&self, at: u64) -> Result<u64, Outside> {
        let mut bytes = [0; 8];
        self.read(at, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Is the whole page of 2 to the `bits` bytes around `at` the hypervisor's?
    fn is_whole(&self, at: u64, bits: u32) -> bool;

    /// Sets 32 bits at once to `set`, and returns what they were.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    fn swap_u32(&self, at: u64, set: u32) -> Result<u32, Outside>;

    /// Clears bits, at once with regard to other CPUs.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    fn clear_u32(&self, at: u64, bits: u32) -> Result<(), Outside>;
}

/// The CPU that the emulation runs on, and its local APIC.
pub trait Host: Memory {
    /// RDMSR.
    fn read_msr(&mut self, msr: u32) -> u64;
    /// WRMSR.
    fn write_msr(&mut self, msr: u32, value: u64);
    /// CPUID.
    fn cpuid(&mut self, leaf: u32, subleaf: u32) -> [u32; 4];
    /// IN of 1, 2 or 4 bytes.
    fn input(&mut self, port: u16, bytes: usize) -> u32;
    /// OUT of 1, 2 or 4 bytes.
    fn output(&mut self, port: u16, bytes: usize, value: u32);
    /// Takes the interrupt that is pending, if one is: it is in service then.
    fn acknowledge(&mut self) -> Option<u8>;
    /// Ends the interrupt in service.
    fn end_of_interrupt(&mut self);
    /// The time-stamp counter.
    fn tsc(&self) -> u64;
    /// VMSAVE: FS, GS, TR, LDTR and the registers of SYSCALL and SYSENTER.
    fn save(&mut self, vmcb: &mut Vmcb);
    /// VMLOAD of the same.
    fn load(&mut self, vmcb: &Vmcb);
    /// Tells a person.
    fn log(&mut self, line: core::fmt::Arguments<'_>);
}
