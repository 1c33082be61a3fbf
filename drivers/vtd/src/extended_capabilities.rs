// SPDX-License-Identifier: BSD-2-Clause
//! The extended capability register (section 11.4.3).

use core::fmt;

use bitfield_struct::bitfield;

use crate::list::write_set;

/// ECAP_REG. The fields carry the specification's names.
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct ExtendedCapabilities {
    /// Page walks are coherent: tables need no cache flush.
    #[bits(access = RO)]
    pub c: bool,
    /// Queued invalidation.
    #[bits(access = RO)]
    pub qi: bool,
    /// Device TLBs.
    #[bits(access = RO)]
    pub dt: bool,
    /// Interrupt remapping.
    #[bits(access = RO)]
    pub ir: bool,
    /// Extended interrupt mode (x2APIC destinations).
    #[bits(access = RO)]
    pub eim: bool,
    #[bits(1)]
    __: u8,
    /// Pass-through translation type.
    #[bits(access = RO)]
    pub pt: bool,
    /// Snoop control.
    #[bits(access = RO)]
    pub sc: bool,
    /// IOTLB register offset in units of 16 bytes.
    #[bits(10, access = RO)]
    pub iro: u16,
    #[bits(2)]
    __: u8,
    /// Maximum handle mask value of an interrupt-entry invalidation.
    #[bits(4, access = RO)]
    pub mhmv: u8,
    #[bits(2)]
    __: u8,
    /// Nested translation.
    #[bits(access = RO)]
    pub nest: bool,
    #[bits(2)]
    __: u8,
    /// Page requests.
    #[bits(access = RO)]
    pub prs: bool,
    /// Execute requests.
    #[bits(access = RO)]
    pub ers: bool,
    /// Supervisor requests.
    #[bits(access = RO)]
    pub srs: bool,
    #[bits(1)]
    __: u8,
    /// No-write flag.
    #[bits(access = RO)]
    pub nwfs: bool,
    /// Extended accessed flag.
    #[bits(access = RO)]
    pub eafs: bool,
    /// Process address space id size, less one.
    #[bits(5, access = RO)]
    pub pss: u8,
    /// Process address space ids.
    #[bits(access = RO)]
    pub pasid: bool,
    /// Device-TLB invalidation throttle.
    #[bits(access = RO)]
    pub dit: bool,
    /// Page-request drain.
    #[bits(access = RO)]
    pub pds: bool,
    /// Scalable mode.
    #[bits(access = RO)]
    pub smts: bool,
    /// Virtual commands.
    #[bits(access = RO)]
    pub vcs: bool,
    /// Second-stage accessed and dirty bits.
    #[bits(access = RO)]
    pub ssads: bool,
    /// Second-stage translation in scalable mode.
    #[bits(access = RO)]
    pub ssts: bool,
    /// First-stage translation in scalable mode.
    #[bits(access = RO)]
    pub fsts: bool,
    /// Scalable-mode page walks are coherent where asked.
    #[bits(access = RO)]
    pub smpwcs: bool,
    /// Requests without a process id can have one assigned.
    #[bits(access = RO)]
    pub rps: bool,
    #[bits(1)]
    __: u8,
    /// Performance monitoring.
    #[bits(access = RO)]
    pub pms: bool,
    /// Abort-DMA mode.
    #[bits(access = RO)]
    pub adms: bool,
    #[bits(11)]
    __: u16,
}

impl ExtendedCapabilities {
    /// Byte offset of the IOTLB registers (IVA, then IOTLB) from the start of the unit's registers.
    pub fn iotlb_offset(&self) -> usize {
        usize::from(self.iro()) * 16
    }
}

impl fmt::Display for ExtendedCapabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IOTLB registers at {:#x}; has: ", self.iotlb_offset())?;
        write_set(
            f,
            &[
                (self.qi(), "queued invalidation"),
                (self.ir(), "interrupt remapping"),
                (self.eim(), "extended interrupt mode"),
                (self.c(), "coherent page walks"),
                (self.sc(), "snoop control"),
                (self.pt(), "pass-through"),
                (self.dt(), "device TLBs"),
                (self.nest(), "nested translation"),
                (self.prs(), "page requests"),
                (self.ers(), "execute requests"),
                (self.srs(), "supervisor requests"),
                (self.nwfs(), "no-write flag"),
                (self.eafs(), "extended accessed flag"),
                (self.pasid(), "process ids"),
                (self.dit(), "invalidation throttle"),
                (self.pds(), "page-request drain"),
                (self.smts(), "scalable mode"),
                (self.vcs(), "virtual commands"),
                (self.ssads(), "accessed and dirty bits"),
                (self.ssts(), "scalable second stage"),
                (self.fsts(), "scalable first stage"),
                (self.smpwcs(), "scalable coherency control"),
                (self.rps(), "process id per request"),
                (self.pms(), "performance monitoring"),
                (self.adms(), "abort-DMA mode"),
            ],
        )
    }
}
