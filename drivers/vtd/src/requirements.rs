// SPDX-License-Identifier: BSD-2-Clause
//! What a manager needs of a unit before it lets a device loose, and what a unit lacks of it.

use displaydoc::Display;
use mmio::Mmio;

use crate::{ExtendedCapabilities as Extended, Unit};

/// What the system asks of a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The largest domain id in use.
    pub max_domain: u16,
    /// The end (exclusive) of the highest device address in use.
    pub address_end: u64,
    /// The processors run in x2APIC mode, so interrupts carry 32-bit destinations.
    pub x2apic: bool,
}

/// One thing that a unit lacks. The documentation of each kind is its message.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq)]
pub enum Missing {
    /// no remapping unit answers here (VER reads {0:#x})
    Unit(u32),
    /// no interrupt remapping (ECAP.IR): a device could forge any interrupt
    InterruptRemapping,
    /// no queued invalidation (ECAP.QI): interrupt entries could not be taken back
    QueuedInvalidation,
    /// no extended interrupt mode (ECAP.EIM), though processors run in x2APIC mode
    ExtendedInterruptMode,
    /// no tables of 3 or 4 levels (CAP.SAGAW)
    Levels,
    /// domain {0} is beyond the {1} domains that there are (CAP.ND)
    Domains(u16, u32),
    /// device addresses up to {0:#x} do not fit in {1} bits (CAP.MGAW)
    AddressBits(u64, u8),
    /// the fault records end at {0:#x}, outside the mapped registers
    FaultRecords(usize),
}

impl Missing {
    /// Whether it concerns interrupts alone, so that DMA can be blocked without it.
    pub(crate) const fn is_about_interrupts(self) -> bool {
        matches!(self, Self::InterruptRemapping | Self::ExtendedInterruptMode)
    }
}

impl Needs {
    /// What `unit` lacks; nothing if it will do.
    pub fn missing<M: Mmio>(self, unit: &Unit<M>) -> impl Iterator<Item = Missing> + use<M> {
        let (cap, ecap) = (unit.capabilities(), unit.extended_capabilities());
        let (domains, size) = (cap.domains(), unit.registers.size());
        // What both the unit and its best table of at most 4 levels take.
        let bits = cap
            .guest_address_bits()
            .min(if cap.levels(4) { 48 } else { 39 });
        let (id, end, x2apic) = (self.max_domain, self.address_end, self.x2apic);
        let too_wide = end > 1_u64.unbounded_shl(bits.into());
        let records = cap.fault_records_offset() + 16 * cap.fault_records();
        let all = [
            (!ecap.has(Extended::IR), Missing::InterruptRemapping),
            (!ecap.has(Extended::QI), Missing::QueuedInvalidation),
            (
                x2apic && !ecap.has(Extended::EIM),
                Missing::ExtendedInterruptMode,
            ),
            (!cap.levels(3) && !cap.levels(4), Missing::Levels),
            (u32::from(id) >= domains, Missing::Domains(id, domains)),
            (too_wide, Missing::AddressBits(end, bits)),
            (records > size, Missing::FaultRecords(records)),
        ];
        all.into_iter()
            .filter_map(|(lacks, what)| lacks.then_some(what))
    }
}

impl core::error::Error for Missing {}
