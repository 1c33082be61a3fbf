// SPDX-License-Identifier: BSD-2-Clause
//! What a unit can do: the capability registers (§11.4.2, §11.4.3). The names are the
//! specification's. What concerns other modes than legacy mode alone has none here.

use core::fmt;

use crate::list::{flags, write_list};

flags! {
    /// CAP_REG.
    Capabilities: u64 {
        59 PI "posted interrupts",
        39 PSI "page-selective invalidation",
        54 DWD "write draining",
        55 DRD "read draining",
        5 PLMR "protected low memory",
        6 PHMR "protected high memory",
        62 ESIRTPS "flush on setting the interrupt table",
        63 ESRTPS "flush on setting the root table",
        4 RWBF "write buffer to flush",
        7 CM "caching mode",
    }
}

flags! {
    /// ECAP_REG.
    ExtendedCapabilities: u64 {
        1 QI "queued invalidation",
        3 IR "interrupt remapping",
        4 EIM "extended interrupt mode",
        0 C "coherent page walks",
        7 SC "snoop control",
        6 PT "pass-through",
        2 DT "device TLBs",
        43 SMTS "scalable mode",
    }
}

impl Capabilities {
    const fn field(self, at: u32, bits: u32) -> u64 {
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

    /// SSLPS: whether second-stage tables may have leaves at level 1 (4 KiB: always), 2 (2 MiB) or
    /// 3 (1 GiB).
    pub fn leaves(self, level: u8) -> bool {
        level == 1 || matches!(level, 2..=3) && self.field(34, 2) >> (level - 2) & 1 != 0
    }

    /// MAMV: the largest address mask of a page-selective invalidation.
    pub const fn mamv(self) -> u8 {
        self.field(48, 6) as u8
    }
}

/// What the fields of CAP_REG say, in words.
#[derive(Clone, Copy, Debug)]
pub struct Sizes(pub Capabilities);

impl fmt::Display for Sizes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(cap) = self;
        write!(f, "{} domains, tables of ", cap.domains())?;
        write_list(f, (3_u8..=5).filter(|&levels| cap.levels(levels)))?;
        let bits = cap.guest_address_bits();
        write!(f, " levels, {bits}-bit addresses, pages of ")?;
        let pages = [(1, "4K"), (2, "2M"), (3, "1G")].into_iter();
        let pages = pages.filter(|&(level, _)| cap.leaves(level));
        write_list(f, pages.map(|(_, size)| size))?;
        let (records, at) = (cap.fault_records(), cap.fault_records_offset());
        write!(f, ", {records} fault records at {at:#x}")
    }
}
