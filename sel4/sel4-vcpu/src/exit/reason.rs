// SPDX-License-Identifier: BSD-2-Clause
//! Exit reasons by number (SDM appendix C), for statistics.
#![allow(missing_docs)]

/// Set when the entry failed.
pub const ENTRY_FAILED: u32 = 1 << 31;

pub const EXCEPTION_OR_NMI: u32 = 0;
pub const TRIPLE_FAULT: u32 = 2;
pub const INIT: u32 = 3;
pub const START_UP: u32 = 4;
pub const INTERRUPT_WINDOW: u32 = 7;
pub const NMI_WINDOW: u32 = 8;
pub const TASK_SWITCH: u32 = 9;
pub const CPUID: u32 = 10;
pub const HLT: u32 = 12;
pub const INVD: u32 = 13;
pub const INVLPG: u32 = 14;
pub const RDPMC: u32 = 15;
pub const RDTSC: u32 = 16;
pub const VMCALL: u32 = 18;
pub const VMCLEAR: u32 = 19;
pub const VMXON: u32 = 27;
pub const CONTROL_REGISTER: u32 = 28;
pub const DEBUG_REGISTER: u32 = 29;
pub const IO: u32 = 30;
pub const RDMSR: u32 = 31;
pub const WRMSR: u32 = 32;
pub const INVALID_GUEST_STATE: u32 = 33 | ENTRY_FAILED;
pub const MSR_LOAD_FAILED: u32 = 34 | ENTRY_FAILED;
pub const MWAIT: u32 = 36;
pub const MONITOR_TRAP: u32 = 37;
pub const MONITOR: u32 = 39;
pub const PAUSE: u32 = 40;
pub const TPR_BELOW_THRESHOLD: u32 = 43;
pub const APIC_ACCESS: u32 = 44;
pub const VIRTUALIZED_EOI: u32 = 45;
pub const GDTR_OR_IDTR: u32 = 46;
pub const LDTR_OR_TR: u32 = 47;
pub const EPT_VIOLATION: u32 = 48;
pub const EPT_MISCONFIGURATION: u32 = 49;
pub const INVEPT: u32 = 50;
pub const RDTSCP: u32 = 51;
pub const PREEMPTION_TIMER: u32 = 52;
pub const INVVPID: u32 = 53;
pub const WBINVD: u32 = 54;
pub const XSETBV: u32 = 55;
pub const APIC_WRITE: u32 = 56;
pub const RDRAND: u32 = 57;
pub const INVPCID: u32 = 58;
pub const VMFUNC: u32 = 59;
pub const RDSEED: u32 = 61;
/// Not the CPU's: VMLAUNCH or VMRESUME failed.
pub const ENTRY_INSTRUCTION_FAILED: u32 = u32::MAX;
