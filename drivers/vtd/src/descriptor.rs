// SPDX-License-Identifier: BSD-2-Clause
//! Invalidation descriptors of 128 bits (§6.5.2).

#[cfg(test)]
mod tests;

use crate::paging::IovaRange;
use crate::{Bdf, Capabilities, DomainId, Hpa, PAGE_BYTES};

/// One descriptor, low word first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor {
    /// Bits 63:0.
    pub low: u64,
    /// Bits 127:64.
    pub high: u64,
}

const GLOBAL: u64 = 1 << 4;
const SELECTIVE: u64 = 2 << 4;
const FINEST: u64 = 3 << 4;

/// An IOTLB invalidation drains the requests that are under way where the unit can, so that none
/// is left when the wait completes.
const fn draining(unit: Capabilities) -> u64 {
    let (writes, reads) = (Capabilities::DWD, Capabilities::DRD);
    (unit.has(writes) as u64) << 6 | (unit.has(reads) as u64) << 7
}

const fn of(low: u64, high: u64) -> Descriptor {
    Descriptor { low, high }
}

impl Descriptor {
    /// Drops every cached context entry (§6.5.2.1).
    pub const fn context_global() -> Self {
        of(1 | GLOBAL, 0)
    }

    /// Drops the cached context entry of one device that was cached for `domain`.
    pub const fn context_device(domain: DomainId, device: Bdf) -> Self {
        let low = 1 | FINEST | (domain.0 as u64) << 16;
        of(low | (device.0 as u64) << 32, 0)
    }

    /// Drops every cached translation (§6.5.2.3).
    pub const fn iotlb_global(unit: Capabilities) -> Self {
        of(2 | GLOBAL | draining(unit), 0)
    }

    /// Drops every cached translation of one domain.
    pub const fn iotlb_domain(domain: DomainId, unit: Capabilities) -> Self {
        of(2 | SELECTIVE | draining(unit) | (domain.0 as u64) << 16, 0)
    }

    /// Drops what is cached of a range: that of the smallest aligned block of pages that holds it,
    /// if the unit can do that (CAP.PSI, CAP.MAMV), or else of the whole domain. With
    /// `leaves_only`, cached pointers to lower tables may stay.
    pub const fn iotlb_range(
        domain: DomainId,
        unit: Capabilities,
        range: IovaRange,
        leaves_only: bool,
    ) -> Self {
        let (first, last) = range.pages();
        let order = u64::BITS - (first ^ last).leading_zeros();
        if !unit.has(Capabilities::PSI) || order > unit.mamv() as u32 {
            return Self::iotlb_domain(domain, unit);
        }
        let low = 2 | FINEST | draining(unit) | (domain.0 as u64) << 16;
        let block = (first >> order << order) * PAGE_BYTES;
        of(low, block | (leaves_only as u64) << 6 | order as u64)
    }

    /// Drops every cached interrupt entry (§6.5.2.7).
    pub const fn interrupts_global() -> Self {
        of(4, 0)
    }

    /// Drops one cached interrupt entry.
    pub const fn interrupt(index: u16) -> Self {
        of(4 | 1 << 4 | (index as u64) << 32, 0)
    }

    /// Writes `value` to `status` when all earlier descriptors are done (§6.5.2.8).
    pub const fn wait(status: Hpa, value: u32) -> Self {
        // SW; FN, so that nothing behind it starts before.
        of(5 | 1 << 5 | 1 << 6 | (value as u64) << 32, status.0 & !3)
    }

    /// Does nothing: a wait that neither writes nor interrupts.
    pub const fn nothing() -> Self {
        of(5, 0)
    }
}
