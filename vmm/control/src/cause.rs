// SPDX-License-Identifier: BSD-2-Clause
//! What is counted: exits by reason, and what they were about where the reason does not say.

use crate::EXITS;

/// Counters of [`Access`].
pub(crate) const ACCESSES: usize = Access::ALL.len();

/// Where failed entries are counted.
pub(crate) const ENTRY_FAILED: usize = EXITS - 2;

/// Where reasons beyond the table are counted.
pub(crate) const OTHER: usize = EXITS - 1;

/// The counter for an exit reason, as the VMCS has it.
pub(crate) const fn index(reason: u32) -> usize {
    if reason & 1 << 31 != 0 {
        ENTRY_FAILED
    } else if reason < ENTRY_FAILED as u32 {
        reason as usize
    } else {
        OTHER
    }
}

/// What an access that exited was about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)]
pub enum Access {
    ApicEoi,
    ApicTpr,
    ApicIcr,
    ApicTimer,
    ApicOther,
    IoApic,
    PciConfig,
    PciBar,
    Serial,
    Clock,
    Power,
    AbsentPort,
    AbsentMemory,
}

impl Access {
    /// All of them, in the order of their counters.
    pub const ALL: [Self; 13] = [
        Self::ApicEoi,
        Self::ApicTpr,
        Self::ApicIcr,
        Self::ApicTimer,
        Self::ApicOther,
        Self::IoApic,
        Self::PciConfig,
        Self::PciBar,
        Self::Serial,
        Self::Clock,
        Self::Power,
        Self::AbsentPort,
        Self::AbsentMemory,
    ];

    /// In a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApicEoi => "apic-eoi",
            Self::ApicTpr => "apic-tpr",
            Self::ApicIcr => "apic-icr",
            Self::ApicTimer => "apic-timer",
            Self::ApicOther => "apic-other",
            Self::IoApic => "ioapic",
            Self::PciConfig => "pci-config",
            Self::PciBar => "pci-bar",
            Self::Serial => "serial",
            Self::Clock => "clock",
            Self::Power => "power",
            Self::AbsentPort => "absent-port",
            Self::AbsentMemory => "absent-memory",
        }
    }
}

/// The name of the exits that are counted at `index` of [`Snapshot::exits`](crate::Snapshot).
pub const fn exit_name(index: usize) -> &'static str {
    match index {
        0 => "exception",
        1 => "external-interrupt",
        2 => "triple-fault",
        3 => "init",
        4 => "start-up",
        7 => "interrupt-window",
        8 => "nmi-window",
        9 => "task-switch",
        10 => "cpuid",
        12 => "hlt",
        13 => "invd",
        14 => "invlpg",
        15 => "rdpmc",
        16 => "rdtsc",
        18 => "vmcall",
        19..=27 | 50 | 53 | 59 => "vmx",
        28 => "control-register",
        29 => "debug-register",
        30 => "io",
        31 => "rdmsr",
        32 => "wrmsr",
        36 => "mwait",
        37 => "monitor-trap",
        39 => "monitor",
        40 => "pause",
        43 => "tpr-below-threshold",
        44 => "apic-access",
        45 => "virtualized-eoi",
        46 => "gdtr-idtr",
        47 => "ldtr-tr",
        48 => "ept-violation",
        49 => "ept-misconfiguration",
        51 => "rdtscp",
        52 => "preemption-timer",
        54 => "wbinvd",
        55 => "xsetbv",
        56 => "apic-write",
        57 => "rdrand",
        58 => "invpcid",
        61 => "rdseed",
        ENTRY_FAILED => "entry-failed",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_counter() {
        for (reason, counter, name) in [
            (10, 10, "cpuid"),
            (48, 48, "ept-violation"),
            (77, 77, "other"),
            (78, OTHER, "other"),
            (0x7fff_ffff, OTHER, "other"),
            (0x8000_0021, ENTRY_FAILED, "entry-failed"),
            (u32::MAX, ENTRY_FAILED, "entry-failed"),
        ] {
            assert_eq!((index(reason), exit_name(index(reason))), (counter, name));
        }
    }

    #[test]
    fn accesses_are_in_the_order_of_their_counters() {
        for (at, access) in Access::ALL.iter().enumerate() {
            assert_eq!(*access as usize, at, "{}", access.name());
        }
    }
}
