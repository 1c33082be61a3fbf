// SPDX-License-Identifier: BSD-2-Clause
//! What the emulated CPU can do, as its capability MSRs say it (SDM vol. 3 appendix A): exactly what
//! the shim does.

use crate::field::HIGHEST_INDEX;

/// IA32_FEATURE_CONTROL.
pub const FEATURE_CONTROL: u32 = 0x3a;
/// IA32_FEATURE_CONTROL: locked.
pub const LOCKED: u64 = 1 << 0;
/// IA32_FEATURE_CONTROL: VMX outside SMX.
pub const VMX_ENABLED: u64 = 1 << 2;
/// The revision of VMCS regions.
pub const REVISION: u32 = 0x0070_7374;

/// Pin-based controls.
pub mod pin {
    #![allow(missing_docs)]
    pub const EXTERNAL_INTERRUPT: u32 = 1 << 0;
    pub const NMI: u32 = 1 << 3;
    pub const VIRTUAL_NMIS: u32 = 1 << 5;
    pub const PREEMPTION_TIMER: u32 = 1 << 6;
    pub const POSTED_INTERRUPTS: u32 = 1 << 7;
    pub const ALL: u32 =
        EXTERNAL_INTERRUPT | NMI | VIRTUAL_NMIS | PREEMPTION_TIMER | POSTED_INTERRUPTS;
    /// With external-interrupt exiting, which the shim cannot do without.
    pub const DEFAULT: u32 = 0x16 | EXTERNAL_INTERRUPT;
}

/// Primary processor-based controls.
pub mod primary {
    #![allow(missing_docs)]
    pub const INTERRUPT_WINDOW: u32 = 1 << 2;
    pub const TSC_OFFSETTING: u32 = 1 << 3;
    pub const HLT: u32 = 1 << 7;
    pub const INVLPG: u32 = 1 << 9;
    pub const MWAIT: u32 = 1 << 10;
    pub const RDPMC: u32 = 1 << 11;
    pub const RDTSC: u32 = 1 << 12;
    pub const CR3_LOAD: u32 = 1 << 15;
    pub const CR3_STORE: u32 = 1 << 16;
    pub const CR8_LOAD: u32 = 1 << 19;
    pub const CR8_STORE: u32 = 1 << 20;
    pub const TPR_SHADOW: u32 = 1 << 21;
    pub const NMI_WINDOW: u32 = 1 << 22;
    pub const DEBUG_REGISTER: u32 = 1 << 23;
    pub const UNCONDITIONAL_IO: u32 = 1 << 24;
    pub const IO_BITMAPS: u32 = 1 << 25;
    pub const MONITOR_TRAP: u32 = 1 << 27;
    pub const MSR_BITMAPS: u32 = 1 << 28;
    pub const MONITOR: u32 = 1 << 29;
    pub const PAUSE: u32 = 1 << 30;
    pub const SECONDARY: u32 = 1 << 31;
    pub const ALL: u32 = INTERRUPT_WINDOW
        | TSC_OFFSETTING
        | HLT
        | INVLPG
        | MWAIT
        | RDPMC
        | RDTSC
        | CR3_LOAD
        | CR3_STORE
        | CR8_LOAD
        | CR8_STORE
        | TPR_SHADOW
        | NMI_WINDOW
        | DEBUG_REGISTER
        | UNCONDITIONAL_IO
        | IO_BITMAPS
        | MONITOR_TRAP
        | MSR_BITMAPS
        | MONITOR
        | PAUSE
        | SECONDARY;
    /// Always 1 with the capability MSRs that say more.
    pub const DEFAULT: u32 = 0x0400_6172;
    /// Always 1 with the older capability MSR.
    pub const OLD_DEFAULT: u32 = DEFAULT | CR3_LOAD | CR3_STORE;
}

/// Secondary processor-based controls.
pub mod secondary {
    #![allow(missing_docs)]
    pub const VIRTUALIZE_APIC_ACCESSES: u32 = 1 << 0;
    pub const EPT: u32 = 1 << 1;
    pub const RDTSCP: u32 = 1 << 3;
    pub const VIRTUALIZE_X2APIC: u32 = 1 << 4;
    pub const VPID: u32 = 1 << 5;
    pub const WBINVD: u32 = 1 << 6;
    pub const UNRESTRICTED_GUEST: u32 = 1 << 7;
    pub const APIC_REGISTER_VIRTUALIZATION: u32 = 1 << 8;
    pub const VIRTUAL_INTERRUPT_DELIVERY: u32 = 1 << 9;
    /// Without it, INVPCID should be no instruction; QEMU executes it all the same.
    pub const INVPCID: u32 = 1 << 12;
    pub const ALL: u32 = VIRTUALIZE_APIC_ACCESSES
        | EPT
        | RDTSCP
        | VIRTUALIZE_X2APIC
        | VPID
        | WBINVD
        | UNRESTRICTED_GUEST
        | APIC_REGISTER_VIRTUALIZATION
        | VIRTUAL_INTERRUPT_DELIVERY
        | INVPCID;
}

/// VM-exit controls.
pub mod exit {
    #![allow(missing_docs)]
    pub const SAVE_DEBUG: u32 = 1 << 2;
    pub const HOST_64: u32 = 1 << 9;
    pub const ACKNOWLEDGE: u32 = 1 << 15;
    pub const SAVE_PAT: u32 = 1 << 18;
    pub const LOAD_PAT: u32 = 1 << 19;
    pub const SAVE_EFER: u32 = 1 << 20;
    pub const LOAD_EFER: u32 = 1 << 21;
    pub const SAVE_PREEMPTION_TIMER: u32 = 1 << 22;
    pub const ALL: u32 = SAVE_DEBUG
        | HOST_64
        | ACKNOWLEDGE
        | SAVE_PAT
        | LOAD_PAT
        | SAVE_EFER
        | LOAD_EFER
        | SAVE_PREEMPTION_TIMER;
    /// With acknowledgement of interrupts, which the shim cannot leave to the hypervisor.
    pub const DEFAULT: u32 = 0x0003_6dfb | ACKNOWLEDGE;
    pub const OLD_DEFAULT: u32 = DEFAULT | SAVE_DEBUG;
}

/// VM-entry controls.
pub mod entry {
    #![allow(missing_docs)]
    pub const LOAD_DEBUG: u32 = 1 << 2;
    pub const IA32E: u32 = 1 << 9;
    pub const LOAD_PAT: u32 = 1 << 14;
    pub const LOAD_EFER: u32 = 1 << 15;
    pub const ALL: u32 = LOAD_DEBUG | IA32E | LOAD_PAT | LOAD_EFER;
    pub const DEFAULT: u32 = 0x0000_11fb;
    pub const OLD_DEFAULT: u32 = DEFAULT | LOAD_DEBUG;
}

/// The preemption timer counts down each time that bit of the TSC changes.
pub const TIMER_RATE: u32 = 5;

/// Page walks of 4 levels; UC and WB; pages of 2 MiB and 1 GiB; INVEPT and INVVPID in all scopes.
const EPT_AND_VPID: u64 = 1 << 6
    | 1 << 8
    | 1 << 14
    | 1 << 16
    | 1 << 17
    | 1 << 20
    | 1 << 25
    | 1 << 26
    | 1 << 32
    | 0xf << 40;

/// Exits save EFER.LMA in the entry controls; activity state HLT; zero-length injection.
const MISC: u64 = TIMER_RATE as u64 | 1 << 5 | 1 << 6 | 1 << 30;

const CR0_FIXED_0: u64 = 0x8000_0021;
const CR4_FIXED_0: u64 = 0x2000;

/// The bits of CR4 that can be 1, given those that the CPU underneath has.
pub const fn cr4_possible(of_host: u64) -> u64 {
    of_host | CR4_FIXED_0
}

/// The value of a capability MSR, given the bits that the CPU underneath has in CR4.
pub const fn read(msr: u32, cr4: u64) -> Option<u64> {
    Some(match msr {
        // Regions of 4 KiB, write-back; information on INS and OUTS; the newer MSRs.
        0x480 => REVISION as u64 | 0x1000 << 32 | 6 << 50 | 1 << 54 | 1 << 55,
        0x481 | 0x48d => allowed(pin::DEFAULT, pin::ALL),
        0x482 => allowed(primary::OLD_DEFAULT, primary::ALL),
        0x483 => allowed(exit::OLD_DEFAULT, exit::ALL),
        0x484 => allowed(entry::OLD_DEFAULT, entry::ALL),
        0x485 => MISC,
        0x486 => CR0_FIXED_0,
        0x487 => 0xffff_ffff,
        0x488 => CR4_FIXED_0,
        0x489 => cr4_possible(cr4),
        0x48a => HIGHEST_INDEX << 1,
        0x48b => allowed(0, secondary::ALL),
        0x48c => EPT_AND_VPID,
        0x48e => allowed(primary::DEFAULT, primary::ALL),
        0x48f => allowed(exit::DEFAULT, exit::ALL),
        0x490 => allowed(entry::DEFAULT, entry::ALL),
        _ => return None,
    })
}

/// Controls that must be 1 in the lower half, those that can be in the upper.
const fn allowed(fixed: u32, possible: u32) -> u64 {
    fixed as u64 | ((fixed | possible) as u64) << 32
}

/// Are these controls possible, where `fixed` must be 1 and only those and `possible` can be?
pub const fn fits(controls: u64, fixed: u32, possible: u32) -> bool {
    controls & fixed as u64 == fixed as u64 && controls & !((fixed | possible) as u64) == 0
}

/// Can CR0 have this value in VMX operation? Unrestricted guests need neither paging nor protection.
pub const fn cr0_fits(value: u64, unrestricted: bool) -> bool {
    let fixed = if unrestricted {
        CR0_FIXED_0 & !0x8000_0001
    } else {
        CR0_FIXED_0
    };
    value & fixed == fixed && value >> 32 == 0
}

/// Can CR4 have this value in VMX operation?
pub const fn cr4_fits(value: u64, cr4: u64) -> bool {
    value & CR4_FIXED_0 == CR4_FIXED_0 && value & !cr4_possible(cr4) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_be_can_be() {
        for msr in [
            0x481, 0x482, 0x483, 0x484, 0x48b, 0x48d, 0x48e, 0x48f, 0x490,
        ] {
            let value = read(msr, 0).expect("a capability");
            assert_eq!(value & !(value >> 32) & 0xffff_ffff, 0, "{msr:#x}");
        }
        assert_eq!(read(0x491, 0), None);
        assert_eq!(read(0x47f, 0), None);
    }

    #[test]
    fn the_newer_registers_allow_more() {
        for (old, new) in [(0x482, 0x48e), (0x483, 0x48f), (0x484, 0x490)] {
            let (old, new) = (read(old, 0).expect("old"), read(new, 0).expect("new"));
            assert_eq!(old >> 32, new >> 32);
            assert!(old as u32 & new as u32 == new as u32 && old != new);
        }
    }

    #[test]
    fn control_registers() {
        assert!(cr0_fits(0x8001_0033, false) && !cr0_fits(0x0001_0033, false));
        assert!(cr0_fits(0x30, true) && !cr0_fits(0x10, true), "NE stays");
        assert!(cr4_fits(0x2020, 0x20) && !cr4_fits(0x2020, 0) && !cr4_fits(0x20, 0x20));
    }
}
