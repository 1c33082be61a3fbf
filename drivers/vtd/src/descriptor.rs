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

/// How an IOTLB invalidation treats requests that are under way: they are drained where the unit
/// can (CAP.DWD, CAP.DRD), so that none is left when the wait completes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Draining {
    /// Drain writes.
    pub writes: bool,
    /// Drain reads.
    pub reads: bool,
}

impl Draining {
    /// What a unit with these capabilities can drain.
    pub fn of(capabilities: Capabilities) -> Self {
        Self {
            writes: capabilities.dwd(),
            reads: capabilities.drd(),
        }
    }

    const fn bits(self) -> u64 {
        (self.writes as u64) << 6 | (self.reads as u64) << 7
    }
}

const GLOBAL: u64 = 1 << 4;
const SELECTIVE: u64 = 2 << 4;
const FINEST: u64 = 3 << 4;

impl Descriptor {
    /// Drops every cached context entry (§6.5.2.1).
    pub const fn context_global() -> Self {
        Self {
            low: 1 | GLOBAL,
            high: 0,
        }
    }

    /// Drops the cached context entry of one device that was cached for `domain`.
    pub const fn context_device(domain: DomainId, device: Bdf) -> Self {
        let low = 1 | FINEST | (domain.0 as u64) << 16 | (device.0 as u64) << 32;
        Self { low, high: 0 }
    }

    /// Drops every cached translation (§6.5.2.3).
    pub const fn iotlb_global(draining: Draining) -> Self {
        Self {
            low: 2 | GLOBAL | draining.bits(),
            high: 0,
        }
    }

    /// Drops every cached translation of one domain.
    pub const fn iotlb_domain(domain: DomainId, draining: Draining) -> Self {
        Self {
            low: 2 | SELECTIVE | draining.bits() | (domain.0 as u64) << 16,
            high: 0,
        }
    }

    /// Drops what is cached of the `1 << order` pages from `at`, which is aligned to them. With
    /// `leaves_only`, cached pointers to lower tables may stay.
    pub const fn iotlb_pages(
        domain: DomainId,
        draining: Draining,
        at: u64,
        order: u8,
        leaves_only: bool,
    ) -> Self {
        Self {
            low: 2 | FINEST | draining.bits() | (domain.0 as u64) << 16,
            high: at & !(PAGE_BYTES - 1) | (leaves_only as u64) << 6 | (order & 0x3f) as u64,
        }
    }

    /// Drops every cached interrupt entry (§6.5.2.7).
    pub const fn interrupts_global() -> Self {
        Self { low: 4, high: 0 }
    }

    /// Drops one cached interrupt entry.
    pub const fn interrupt(index: u16) -> Self {
        Self {
            low: 4 | 1 << 4 | (index as u64) << 32,
            high: 0,
        }
    }

    /// Writes `value` to `status` when all earlier descriptors are done (§6.5.2.8).
    pub const fn wait(status: Hpa, value: u32) -> Self {
        // SW; FN, so that nothing behind it starts before.
        Self {
            low: 5 | 1 << 5 | 1 << 6 | (value as u64) << 32,
            high: status.0 & !3,
        }
    }

    /// Does nothing: a wait that neither writes nor interrupts.
    pub const fn nothing() -> Self {
        Self { low: 5, high: 0 }
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
    capabilities: Capabilities,
    domain: DomainId,
    range: IovaRange,
    leaves_only: bool,
) -> RangeDescriptors {
    let draining = Draining::of(capabilities);
    page_selective(capabilities, domain, range, leaves_only).unwrap_or_else(|| {
        let mut whole = Vec::new();
        // Cannot fail: the vector is empty.
        let _ = whole.push(Descriptor::iotlb_domain(domain, draining));
        whole
    })
}

fn page_selective(
    capabilities: Capabilities,
    domain: DomainId,
    range: IovaRange,
    leaves_only: bool,
) -> Option<RangeDescriptors> {
    if !capabilities.psi() {
        return None;
    }
    let draining = Draining::of(capabilities);
    let mut descriptors = Vec::new();
    let mut page = range.start().0 / PAGE_BYTES;
    let mut left = range.bytes() / PAGE_BYTES;
    while left > 0 {
        let fits = (u64::BITS - 1 - left.leading_zeros()).min(page.trailing_zeros());
        let order = fits.min(capabilities.mamv().into());
        let at = page * PAGE_BYTES;
        let order_bits = order as u8;
        descriptors
            .push(Descriptor::iotlb_pages(
                domain,
                draining,
                at,
                order_bits,
                leaves_only,
            ))
            .ok()?;
        page += 1 << order;
        left -= 1 << order;
    }
    Some(descriptors)
}
