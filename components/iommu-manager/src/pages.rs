// SPDX-License-Identifier: BSD-2-Clause
//! Table memory: pages out of one region.
//!
//! Pages never used lie behind `fresh`; those that came back form a chain through their first
//! words. What the driver allocates in pieces of several pages it keeps for good, so pieces come
//! from the fresh end only.

use mmio::SharedRegion;
use vtd::{Hpa, Memory, PAGE_BYTES};

const PAGE: usize = PAGE_BYTES as usize;

/// The allocator.
#[derive(Debug)]
pub struct Pages {
    region: SharedRegion,
    /// Offset of the first page that was never used.
    fresh: usize,
    /// Offset of the first page that came back, with the rest in its first word.
    returned: Option<usize>,
    used: usize,
}

impl Pages {
    /// All whole pages of a region that begins with a page, under the addresses by which hardware
    /// knows it.
    pub const fn new(region: SharedRegion) -> Self {
        Self {
            region,
            fresh: 0,
            returned: None,
            used: 0,
        }
    }

    /// Addresses that are not in the region become offsets that are not, either.
    fn offset(&self, at: Hpa) -> usize {
        at.0.wrapping_sub(self.region.bus_address()) as usize
    }

    fn take_returned(&mut self) -> Option<usize> {
        let page = self.returned?;
        let next = self.region.read64(page) as usize;
        self.returned = next.is_multiple_of(PAGE).then_some(next);
        Some(page)
    }

    fn take_fresh(&mut self, bytes: usize) -> Option<usize> {
        let start = self.fresh;
        let end = start.checked_add(bytes)?;
        (end <= self.region.size()).then(|| {
            self.fresh = end;
            start
        })
    }
}

impl Memory for Pages {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        let bytes = pages.checked_mul(PAGE)?;
        let again = if pages == 1 {
            self.take_returned()
        } else {
            None
        };
        let start = again.or_else(|| self.take_fresh(bytes))?;
        for word in (start..start + bytes).step_by(8) {
            self.region.write64(word, 0);
        }
        self.region.write_back(start, bytes);
        self.used += pages;
        Some(Hpa(self.region.bus_address() + start as u64))
    }

    fn free(&mut self, page: Hpa) {
        let page = self.offset(page);
        // 1 is no page's offset: the end of the chain.
        let next = self.returned.replace(page).unwrap_or(1);
        self.region.write64(page, next as u64);
        self.used -= 1;
    }

    fn read64(&self, at: Hpa) -> u64 {
        self.region.read64(self.offset(at))
    }

    fn write64(&mut self, at: Hpa, value: u64) {
        self.region.write64(self.offset(at), value);
    }

    fn write128(&mut self, at: Hpa, value: u128) {
        self.region.write128(self.offset(at), value);
    }

    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.region.write_back(self.offset(at), bytes as usize);
    }

    fn pages(&self) -> (usize, usize) {
        (self.used, self.region.size() / PAGE)
    }
}

#[cfg(test)]
mod tests;
