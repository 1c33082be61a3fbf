// SPDX-License-Identifier: BSD-2-Clause
//! The virtual machine control block of AMD SVM ("AMD64 Architecture Programmer's Manual", volume
//! 2, appendix B), as far as QEMU and the shim use it.

use zerocopy::FromZeros;

/// A segment register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, FromZeros)]
#[repr(C)]
pub struct Segment {
    /// Selector.
    pub selector: u16,
    /// Attributes: bits 55:52 and 47:40 of a descriptor.
    pub attributes: u16,
    /// Limit in bytes, without granularity.
    pub limit: u32,
    /// Base.
    pub base: u64,
}

/// The control block.
#[allow(missing_docs)]
#[derive(Debug, FromZeros)]
#[repr(C, align(4096))]
pub struct Vmcb {
    pub cr_reads: u16,
    pub cr_writes: u16,
    pub dr_reads: u16,
    pub dr_writes: u16,
    pub exceptions: u32,
    pub intercepts: u32,
    pub intercepts_2: u32,
    _reserved_14: [u8; 0x2c],
    pub io_map: u64,
    pub msr_map: u64,
    pub tsc_offset: u64,
    pub asid: u32,
    pub flush: u32,
    pub interrupt_control: u32,
    pub interrupt_vector: u32,
    pub interrupt_shadow: u64,
    pub exit_code: u64,
    pub exit_info_1: u64,
    pub exit_info_2: u64,
    pub exit_event: u64,
    pub nested_paging: u64,
    _reserved_98: [u8; 0x10],
    pub event: u64,
    pub nested_cr3: u64,
    _reserved_b8: [u8; 0x348],
    pub es: Segment,
    pub cs: Segment,
    pub ss: Segment,
    pub ds: Segment,
    pub fs: Segment,
    pub gs: Segment,
    pub gdtr: Segment,
    pub ldtr: Segment,
    pub idtr: Segment,
    pub tr: Segment,
    _reserved_4a0: [u8; 0x2b],
    pub cpl: u8,
    _reserved_4cc: [u8; 4],
    pub efer: u64,
    _reserved_4d8: [u8; 0x70],
    pub cr4: u64,
    pub cr3: u64,
    pub cr0: u64,
    pub dr7: u64,
    pub dr6: u64,
    pub rflags: u64,
    pub rip: u64,
    _reserved_580: [u8; 0x58],
    pub rsp: u64,
    _reserved_5e0: [u8; 0x18],
    pub rax: u64,
    pub star: u64,
    pub lstar: u64,
    pub cstar: u64,
    pub fmask: u64,
    pub kernel_gs_base: u64,
    pub sysenter_cs: u64,
    pub sysenter_esp: u64,
    pub sysenter_eip: u64,
    pub cr2: u64,
    _reserved_648: [u8; 0x20],
    pub pat: u64,
    pub debugctl: u64,
    _reserved_678: [u8; 0x988],
}

// The places are the CPU's.
const _: () = {
    use core::mem::offset_of;
    assert!(offset_of!(Vmcb, io_map) == 0x40);
    assert!(offset_of!(Vmcb, interrupt_control) == 0x60);
    assert!(offset_of!(Vmcb, exit_code) == 0x70);
    assert!(offset_of!(Vmcb, event) == 0xa8);
    assert!(offset_of!(Vmcb, es) == 0x400);
    assert!(offset_of!(Vmcb, tr) == 0x490);
    assert!(offset_of!(Vmcb, cpl) == 0x4cb);
    assert!(offset_of!(Vmcb, efer) == 0x4d0);
    assert!(offset_of!(Vmcb, cr4) == 0x548);
    assert!(offset_of!(Vmcb, rip) == 0x578);
    assert!(offset_of!(Vmcb, rsp) == 0x5d8);
    assert!(offset_of!(Vmcb, rax) == 0x5f8);
    assert!(offset_of!(Vmcb, cr2) == 0x640);
    assert!(offset_of!(Vmcb, pat) == 0x668);
    assert!(size_of::<Vmcb>() == 0x1000);
};

/// What [`Vmcb::intercepts`] stops.
pub mod intercept {
    #![allow(missing_docs)]
    pub const INTR: u32 = 1 << 0;
    pub const NMI: u32 = 1 << 1;
    pub const VINTR: u32 = 1 << 4;
    pub const RDTSC: u32 = 1 << 14;
    pub const RDPMC: u32 = 1 << 15;
    pub const CPUID: u32 = 1 << 18;
    pub const IRET: u32 = 1 << 20;
    pub const INVD: u32 = 1 << 22;
    pub const PAUSE: u32 = 1 << 23;
    pub const HLT: u32 = 1 << 24;
    pub const INVLPG: u32 = 1 << 25;
    pub const INVLPGA: u32 = 1 << 26;
    pub const IO: u32 = 1 << 27;
    pub const MSR: u32 = 1 << 28;
    pub const TASK_SWITCH: u32 = 1 << 29;
    pub const SHUTDOWN: u32 = 1 << 31;
}

/// What [`Vmcb::intercepts_2`] stops.
pub mod intercept_2 {
    #![allow(missing_docs)]
    /// VMRUN, VMMCALL, VMLOAD, VMSAVE, STGI, CLGI, SKINIT: AMD's instructions.
    pub const SVM: u32 = 0x7f;
    pub const RDTSCP: u32 = 1 << 7;
    pub const WBINVD: u32 = 1 << 9;
    pub const MONITOR: u32 = 1 << 10;
    pub const MWAIT: u32 = 1 << 11;
    pub const XSETBV: u32 = 1 << 13;
}

/// Exit codes.
pub mod code {
    #![allow(missing_docs)]
    pub const CR_READ: u64 = 0x00;
    pub const CR_WRITE: u64 = 0x10;
    pub const DR_READ: u64 = 0x20;
    pub const DR_WRITE: u64 = 0x30;
    pub const EXCEPTION: u64 = 0x40;
    pub const INTR: u64 = 0x60;
    pub const NMI: u64 = 0x61;
    pub const VINTR: u64 = 0x64;
    pub const RDTSC: u64 = 0x6e;
    pub const RDPMC: u64 = 0x6f;
    pub const CPUID: u64 = 0x72;
    pub const IRET: u64 = 0x74;
    pub const INVD: u64 = 0x76;
    pub const PAUSE: u64 = 0x77;
    pub const HLT: u64 = 0x78;
    pub const INVLPG: u64 = 0x79;
    pub const INVLPGA: u64 = 0x7a;
    pub const IO: u64 = 0x7b;
    pub const MSR: u64 = 0x7c;
    pub const TASK_SWITCH: u64 = 0x7d;
    pub const SHUTDOWN: u64 = 0x7f;
    pub const VMRUN: u64 = 0x80;
    pub const SKINIT: u64 = 0x86;
    pub const RDTSCP: u64 = 0x87;
    pub const WBINVD: u64 = 0x89;
    pub const MONITOR: u64 = 0x8a;
    pub const MWAIT: u64 = 0x8b;
    pub const MWAIT_ARMED: u64 = 0x8c;
    pub const XSETBV: u64 = 0x8d;
    pub const NESTED_PAGE_FAULT: u64 = 0x400;
    pub const INVALID: u64 = u64::MAX;
}

/// [`Vmcb::interrupt_control`].
pub mod control {
    #![allow(missing_docs)]
    /// A virtual interrupt is pending.
    pub const PENDING: u32 = 1 << 8;
    /// Whatever the task priority is.
    pub const IGNORE_PRIORITY: u32 = 1 << 20;
    pub const PRIORITY: u32 = 0xf << 16;
    /// RFLAGS.IF of the guest does not hold back the host's interrupts.
    pub const MASKING: u32 = 1 << 24;
}

impl Vmcb {
    /// Segments in the order of VMX: ES, CS, SS, DS, FS, GS, LDTR, TR.
    pub fn segments(&self) -> [&Segment; 8] {
        let Self {
            es,
            cs,
            ss,
            ds,
            fs,
            gs,
            ldtr,
            tr,
            ..
        } = self;
        [es, cs, ss, ds, fs, gs, ldtr, tr]
    }

    /// The same, to be changed.
    pub fn segments_mut(&mut self) -> [&mut Segment; 8] {
        let Self {
            es,
            cs,
            ss,
            ds,
            fs,
            gs,
            ldtr,
            tr,
            ..
        } = self;
        [es, cs, ss, ds, fs, gs, ldtr, tr]
    }
}
