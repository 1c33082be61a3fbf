// SPDX-License-Identifier: BSD-2-Clause
//! The CPU on which the guest runs.

use sel4::Result;
use sel4_vcpu::field::{Field, Readable, Value};
use sel4_vcpu::{Msr, Vcpu};
use vmm_core::{Cpu, Leaf};

/// seL4's virtual CPU.
#[derive(Debug, Clone, Copy)]
pub struct GuestCpu(pub Vcpu);

impl Cpu for GuestCpu {
    fn read<F: Readable>(&self, field: F) -> Result<F::Value> {
        self.0.read(field)
    }

    fn write<V: Value>(&mut self, field: Field<V>, value: impl Into<V>) -> Result<()> {
        self.0.write(field, value).map(drop)
    }

    fn write_msr(&mut self, msr: Msr, value: u64) -> Result<()> {
        match self.0.write_msr(msr, value) {
            // A CPU without RDTSCP has no such register, and the guest sees none.
            Err(sel4::Error::IllegalOperation) if msr == Msr::TscAux => Ok(()),
            result => result,
        }
    }

    #[inline]
    fn tsc(&self) -> u64 {
        tsc()
    }
}

/// The time-stamp counter of this core.
#[inline]
pub fn tsc() -> u64 {
    // SAFETY: every x86-64 CPU has it, and the kernel lets programs use it.
    unsafe { core::arch::x86_64::_rdtsc() }
}

/// What this core's CPUID answers.
pub fn cpuid(leaf: u32, subleaf: u32) -> Leaf {
    let answer = core::arch::x86_64::__cpuid_count(leaf, subleaf);
    [answer.eax, answer.ebx, answer.ecx, answer.edx]
}
