// SPDX-License-Identifier: BSD-2-Clause
//! The capability register (section 11.4.2).

use core::fmt;

use bitfield_struct::bitfield;

use crate::list::write_set;

/// CAP_REG. The fields carry the specification's names.
#[bitfield(u64)]
#[derive(PartialEq, Eq)]
pub struct Capabilities {
    /// Number of domains, encoded: see [`domains`](Self::domains).
    #[bits(3, access = RO)]
    pub nd: u8,
    /// Advanced fault logging.
    #[bits(access = RO)]
    pub afl: bool,
    /// The write buffer must be flushed after a change to a table in memory.
    #[bits(access = RO)]
    pub rwbf: bool,
    /// Protected low-memory region.
    #[bits(access = RO)]
    pub plmr: bool,
    /// Protected high-memory region.
    #[bits(access = RO)]
    pub phmr: bool,
    /// Caching mode: not-present entries are cached too (an emulated unit).
    #[bits(access = RO)]
    pub cm: bool,
    /// Supported adjusted guest address widths: see [`levels`](Self::levels).
    #[bits(5, access = RO)]
    pub sagaw: u8,
    #[bits(3)]
    __: u8,
    /// Maximum guest address width, less one: see [`guest_address_bits`](Self::guest_address_bits).
    #[bits(6, access = RO)]
    pub mgaw: u8,
    /// Zero-length reads of write-only pages are allowed.
    #[bits(access = RO)]
    pub zlr: bool,
    #[bits(1)]
    __: u8,
    /// Fault-recording register offset in units of 16 bytes.
    #[bits(10, access = RO)]
    pub fro: u16,
    /// Second-stage large pages: bit 0 for 2 MiB, bit 1 for 1 GiB.
    #[bits(4, access = RO)]
    pub sslps: u8,
    #[bits(1)]
    __: u8,
    /// Page-selective invalidation.
    #[bits(access = RO)]
    pub psi: bool,
    /// Number of fault-recording registers, less one.
    #[bits(8, access = RO)]
    pub nfr: u8,
    /// Maximum address mask value of a page-selective invalidation.
    #[bits(6, access = RO)]
    pub mamv: u8,
    /// Write draining.
    #[bits(access = RO)]
    pub dwd: bool,
    /// Read draining.
    #[bits(access = RO)]
    pub drd: bool,
    /// First-stage 1 GiB pages.
    #[bits(access = RO)]
    pub fs1gp: bool,
    #[bits(2)]
    __: u8,
    /// Posted interrupts.
    #[bits(access = RO)]
    pub pi: bool,
    /// First-stage five-level paging.
    #[bits(access = RO)]
    pub fs5lp: bool,
    /// Enhanced commands.
    #[bits(access = RO)]
    pub ecmds: bool,
    /// Setting the interrupt-remapping table flushes what was cached of the old one.
    #[bits(access = RO)]
    pub esirtps: bool,
    /// Setting the root table flushes what was cached of the old one.
    #[bits(access = RO)]
    pub esrtps: bool,
}

impl Capabilities {
    /// The number of domain ids, id 0 included: 16 to 65536.
    pub fn domains(&self) -> u32 {
        // ND 7 is reserved; taken for the largest defined value it promises nothing new.
        1 << (4 + 2 * u32::from(self.nd().min(6)))
    }

    /// Whether second-stage tables of `levels` levels (3, 4 or 5) are supported.
    pub fn levels(&self, levels: u8) -> bool {
        matches!(levels, 3..=5) && self.sagaw() >> (levels - 2) & 1 != 0
    }

    /// Bits of an address that a device may use.
    pub fn guest_address_bits(&self) -> u8 {
        self.mgaw() + 1
    }

    /// Byte offset of the first fault-recording register, from the start of the unit's registers.
    pub fn fault_records_offset(&self) -> usize {
        usize::from(self.fro()) * 16
    }

    /// The number of fault-recording registers, 1 to 256, of 16 bytes each.
    pub fn fault_records(&self) -> usize {
        usize::from(self.nfr()) + 1
    }
}

impl fmt::Display for Capabilities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} domains, tables of ", self.domains())?;
        write_set(
            f,
            &[3, 4, 5].map(|n| (self.levels(n), ["3", "4", "5"][usize::from(n) - 3])),
        )?;
        write!(
            f,
            " levels, {}-bit addresses, pages of 4K",
            self.guest_address_bits()
        )?;
        for (bit, text) in [(0, ", 2M"), (1, ", 1G")] {
            if self.sslps() >> bit & 1 != 0 {
                f.write_str(text)?;
            }
        }
        write!(
            f,
            ", {} fault records at {:#x}",
            self.fault_records(),
            self.fault_records_offset()
        )?;
        f.write_str("; has: ")?;
        write_set(
            f,
            &[
                (self.pi(), "posted interrupts"),
                (self.psi(), "page-selective invalidation"),
                (self.dwd(), "write draining"),
                (self.drd(), "read draining"),
                (self.zlr(), "zero-length reads"),
                (self.plmr(), "protected low memory"),
                (self.phmr(), "protected high memory"),
                (self.fs1gp(), "first-stage 1G pages"),
                (self.fs5lp(), "first-stage 5 levels"),
                (self.ecmds(), "enhanced commands"),
                (self.esirtps(), "flush on setting the interrupt table"),
                (self.esrtps(), "flush on setting the root table"),
                (self.afl(), "advanced fault logging"),
                (self.rwbf(), "write buffer to flush"),
                (self.cm(), "caching mode"),
            ],
        )
    }
}
