// SPDX-License-Identifier: BSD-2-Clause
//! What a manager needs of a unit before it lets a device loose, and what a unit lacks of it.

use core::fmt;

use mmio::Mmio;

use crate::unit::Unit;

/// What the system asks of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The largest domain id in use.
    pub max_domain: u16,
    /// The end (exclusive) of the highest device address in use.
    pub address_end: u64,
    /// The processors run in x2APIC mode, so interrupts carry 32-bit destinations.
    pub x2apic: bool,
}

/// One thing that a unit lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// No interrupt remapping.
    InterruptRemapping,
    /// No queued invalidation.
    QueuedInvalidation,
    /// No extended interrupt mode though the processors need it.
    ExtendedInterruptMode,
    /// Tables of neither 3 nor 4 levels.
    Levels,
    /// Too few domain ids: the one wanted, the number there is.
    Domains(u16, u32),
    /// Device addresses are too narrow: the end wanted, the bits there are.
    AddressBits(u64, u8),
    /// A register block that CAP or ECAP points at lies outside the mapped registers: its name and
    /// the offset of its end.
    Outside(&'static str, usize),
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InterruptRemapping => {
                "no interrupt remapping (ECAP.IR): a device could forge any interrupt"
            }
            Self::QueuedInvalidation => {
                "no queued invalidation (ECAP.QI): interrupt entries could not be taken back"
            }
            Self::ExtendedInterruptMode => {
                "no extended interrupt mode (ECAP.EIM), though processors run in x2APIC mode"
            }
            Self::Levels => "no tables of 3 or 4 levels (CAP.SAGAW)",
            Self::Domains(wanted, all) => {
                return write!(
                    f,
                    "domain {wanted} is beyond the {all} domains that there are (CAP.ND)"
                );
            }
            Self::AddressBits(end, bits) => {
                return write!(
                    f,
                    "device addresses up to {end:#x} do not fit in {bits} bits (CAP.MGAW)"
                );
            }
            Self::Outside(what, end) => {
                return write!(
                    f,
                    "the {what} end at {end:#x}, outside the mapped registers"
                );
            }
        })
    }
}

impl Needs {
    /// What `unit` lacks; nothing if it will do.
    pub fn missing<M: Mmio>(&self, unit: &Unit<M>) -> impl Iterator<Item = Missing> + use<M> {
        let (cap, ecap) = (unit.capabilities(), unit.extended_capabilities());
        let (bits, domains, size) = (addressable_bits(unit), cap.domains(), unit.size());
        let records_end = cap.fault_records_offset() + 16 * cap.fault_records();
        let iotlb_end = ecap.iotlb_offset() + 16;
        let reach = 1_u64.unbounded_shl(bits.into());
        let no_levels = !cap.levels(3) && !cap.levels(4);
        let few_domains = u32::from(self.max_domain) >= domains;
        [
            (!ecap.ir(), Missing::InterruptRemapping),
            (!ecap.qi(), Missing::QueuedInvalidation),
            (self.x2apic && !ecap.eim(), Missing::ExtendedInterruptMode),
            (no_levels, Missing::Levels),
            (few_domains, Missing::Domains(self.max_domain, domains)),
            (
                self.address_end > reach,
                Missing::AddressBits(self.address_end, bits),
            ),
            (
                records_end > size,
                Missing::Outside("fault records", records_end),
            ),
            (
                iotlb_end > size,
                Missing::Outside("IOTLB registers", iotlb_end),
            ),
        ]
        .into_iter()
        .filter_map(|(lacks, what)| lacks.then_some(what))
    }
}

/// Bits of a device address that both the unit and its best table of at most 4 levels take.
fn addressable_bits<M: Mmio>(unit: &Unit<M>) -> u8 {
    let cap = unit.capabilities();
    let table = if cap.levels(4) { 48 } else { 39 };
    cap.guest_address_bits().min(table)
}
