// SPDX-License-Identifier: BSD-2-Clause
//! Invalidation descriptors of 128 bits (§6.5.2).

#[cfg(test)]
mod tests;

use heapless::Vec;

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
    (unit.dwd() as u64) << 6 | (unit.drd() as u64) << 7
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
        of(
            1 | FINEST | (domain.0 as u64) << 16 | (device.0 as u64) << 32,
            0,
        )
    }

    /// Drops every cached translation (§6.5.2.3).
    pub const fn iotlb_global(unit: Capabilities) -> Self {
        of(2 | GLOBAL | draining(unit), 0)
    }

    /// Drops every cached translation of one domain.
    pub const fn iotlb_domain(domain: DomainId, unit: Capabilities) -> Self {
        of(2 | SELECTIVE | draining(unit) | (domain.0 as u64) << 16, 0)
    }

    /// Drops what is cached of the `1 << order` pages from `at`, which is aligned to them. With
    /// `leaves_only`, cached pointers to lower tables may stay.
    pub const fn iotlb_pages(
        domain: DomainId,
        unit: Capabilities,
        at: u64,
        order: u32,
        leaves_only: bool,
    ) -> Self {
        let low = 2 | FINEST | draining(unit) | (domain.0 as u64) << 16;
        of(
            low,
            at & !(PAGE_BYTES - 1) | (leaves_only as u64) << 6 | (order & 0x3f) as u64,
        )
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

/// At most this many page-selective descriptors for one range; beyond that, dropping the whole
/// domain is cheaper for the hardware than working through the queue.
const MAX_PAGE_DESCRIPTORS: usize = 8;

/// The IOTLB part of revoking a range.
pub type RangeDescriptors = Vec<Descriptor, MAX_PAGE_DESCRIPTORS>;

/// The fewest descriptors that drop everything cached of `range`: page-selective ones of the
/// sizes that alignment and CAP.MAMV allow, or one for the whole domain.
pub fn for_range(
    unit: Capabilities,
    domain: DomainId,
    range: IovaRange,
    leaves_only: bool,
) -> RangeDescriptors {
    page_selective(unit, domain, range, leaves_only).unwrap_or_else(|| {
        [Descriptor::iotlb_domain(domain, unit)]
            .into_iter()
            .collect()
    })
}

fn page_selective(
    unit: Capabilities,
    domain: DomainId,
    range: IovaRange,
    leaves_only: bool,
) -> Option<RangeDescriptors> {
    let mut descriptors = unit.psi().then(Vec::new)?;
    let mut page = range.start().0 / PAGE_BYTES;
    let mut left = range.bytes() / PAGE_BYTES;
    while left > 0 {
        let order = left
            .ilog2()
            .min(page.trailing_zeros())
            .min(unit.mamv().into());
        let at = page * PAGE_BYTES;
        let descriptor = Descriptor::iotlb_pages(domain, unit, at, order, leaves_only);
        descriptors.push(descriptor).ok()?;
        page += 1 << order;
        left -= 1 << order;
    }
    Some(descriptors)
}
