// SPDX-License-Identifier: BSD-2-Clause
//! What a unit can do: the capability registers (§11.4.2, §11.4.3). The names are the
//! specification's.

use core::fmt;

use crate::list::{flags, write_set};

flags! {
    /// CAP_REG.
    Capabilities: u64 {
        59 pi "posted interrupts",
        39 psi "page-selective invalidation",
        54 dwd "write draining",
        55 drd "read draining",
        22 zlr "zero-length reads",
        5 plmr "protected low memory",
        6 phmr "protected high memory",
        56 fs1gp "first-stage 1G pages",
        60 fs5lp "first-stage 5 levels",
        61 ecmds "enhanced commands",
        62 esirtps "flush on setting the interrupt table",
        63 esrtps "flush on setting the root table",
        3 afl "advanced fault logging",
        4 rwbf "write buffer to flush",
        7 cm "caching mode",
    }
}

flags! {
    /// ECAP_REG.
    ExtendedCapabilities: u64 {
        1 qi "queued invalidation",
        3 ir "interrupt remapping",
        4 eim "extended interrupt mode",
        0 c "coherent page walks",
        7 sc "snoop control",
        6 pt "pass-through",
        2 dt "device TLBs",
        26 nest "nested translation",
        29 prs "page requests",
        30 ers "execute requests",
        31 srs "supervisor requests",
        33 nwfs "no-write flag",
        34 eafs "extended accessed flag",
        40 pasid "process ids",
        41 dit "invalidation throttle",
        42 pds "page-request drain",
        43 smts "scalable mode",
        44 vcs "virtual commands",
        45 ssads "accessed and dirty bits",
        46 ssts "scalable second stage",
        47 fsts "scalable first stage",
        48 smpwcs "scalable coherency control",
        49 rps "process id per request",
        51 pms "performance monitoring",
        52 adms "abort-DMA mode",
    }
}

impl Capabilities {
    fn field(self, at: u32, bits: u32) -> u64 {
        self.0 >> at & ((1 << bits) - 1)
    }

    /// ND: the number of domain ids, id 0 included: 16 to 65536.
    pub fn domains(self) -> u32 {
        // ND 7 is reserved; taken for the largest defined value it promises nothing new.
        1 << (4 + 2 * self.field(0, 3).min(6))
    }

    /// SAGAW: whether second-stage tables of `levels` levels (3, 4 or 5) are supported.
    pub fn levels(self, levels: u8) -> bool {
        matches!(levels, 3..=5) && self.field(8, 5) >> (levels - 2) & 1 != 0
    }

    /// MGAW: bits of an address that a device may use.
    pub fn guest_address_bits(self) -> u8 {
        self.field(16, 6) as u8 + 1
    }

    /// FRO: byte offset of the first fault-recording register, from the start of the registers.
    pub fn fault_records_offset(self) -> usize {
        self.field(24, 10) as usize * 16
    }

    /// NFR: the number of fault-recording registers, 1 to 256, of 16 bytes each.
    pub fn fault_records(self) -> usize {
        self.field(40, 8) as usize + 1
    }

    /// SSLPS: whether second-stage tables may have leaves at level 2 (2 MiB) or 3 (1 GiB).
    pub fn large_pages(self, level: u8) -> bool {
        matches!(level, 2..=3) && self.field(34, 2) >> (level - 2) & 1 != 0
    }

    /// MAMV: the largest address mask of a page-selective invalidation.
    pub fn mamv(self) -> u8 {
        self.field(48, 6) as u8
    }
}

impl ExtendedCapabilities {
    /// IRO: byte offset of the IOTLB registers (IVA, then IOTLB) from the start of the registers.
    pub fn iotlb_offset(self) -> usize {
        (self.0 >> 8 & 0x3ff) as usize * 16
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} domains, tables of ", self.domains())?;
        write_set(
            f,
            &[
                (self.levels(3), "3"),
                (self.levels(4), "4"),
                (self.levels(5), "5"),
            ],
        )?;
        write!(
            f,
            " levels, {}-bit addresses, pages of ",
            self.guest_address_bits()
        )?;
        write_set(
            f,
            &[
                (true, "4K"),
                (self.large_pages(2), "2M"),
                (self.large_pages(3), "1G"),
            ],
        )?;
        let (records, at) = (self.fault_records(), self.fault_records_offset());
        write!(f, ", {records} fault records at {at:#x}; has: ")?;
        self.write_names(f)
    }
}

impl fmt::Display for ExtendedCapabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IOTLB registers at {:#x}; has: ", self.iotlb_offset())?;
        self.write_names(f)
    }
}
