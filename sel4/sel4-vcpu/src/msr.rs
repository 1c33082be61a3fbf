// SPDX-License-Identifier: BSD-2-Clause
//! Model-specific registers of a guest that the VCPU holds beside the VMCS.

/// A register that every entry loads and every exit saves. The guest uses them without an exit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u32)]
pub enum Msr {
    /// IA32_STAR: segments of SYSCALL and SYSRET.
    Star = 0xc000_0081,
    /// IA32_LSTAR: where SYSCALL goes.
    Lstar = 0xc000_0082,
    /// IA32_CSTAR: not used by Intel's CPUs.
    Cstar = 0xc000_0083,
    /// IA32_FMASK: flags that SYSCALL clears.
    Fmask = 0xc000_0084,
    /// IA32_KERNEL_GS_BASE: what SWAPGS exchanges with the base of GS.
    KernelGsBase = 0xc000_0102,
    /// IA32_TSC_AUX: what RDTSCP returns in ECX. Only on CPUs that have RDTSCP.
    TscAux = 0xc000_0103,
}

impl Msr {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Star,
        Self::Lstar,
        Self::Cstar,
        Self::Fmask,
        Self::KernelGsBase,
        Self::TscAux,
    ];

    /// The register's number.
    pub const fn index(self) -> u32 {
        self as u32
    }
}
