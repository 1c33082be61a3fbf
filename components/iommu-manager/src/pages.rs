// SPDX-License-Identifier: BSD-2-Clause
//! Table memory: pages out of one region.
//!
//! Pages never used lie behind `fresh`; those that came back form a chain through their first
//! words. What the driver allocates in pieces of several pages it keeps for good, so pieces come
//! from the fresh end only.

use core::ops::Range;

use vtd::{Hpa, Memory, PAGE_BYTES};

/// The region as the program sees it. Offsets are multiples of 8 inside the region; outside, a
/// read gives all ones, and a write does nothing.
pub trait Backing {
    /// Bytes of the region, a multiple of the page size.
    fn bytes(&self) -> u64;
    /// Reads a word in one access.
    fn read64(&self, offset: u64) -> u64;
    /// Writes a word in one access.
    fn write64(&mut self, offset: u64, value: u64);
    /// Writes two words at once, or nothing; returns which. The offset is a multiple of 16.
    fn write128(&mut self, offset: u64, value: u128) -> bool;
    /// Writes cache lines back and waits for it.
    fn write_back(&mut self, offset: u64, bytes: u64);
}

/// Table memory that can be counted.
pub trait Tables: Memory {
    /// Pages in use, and pages there are.
    fn pages(&self) -> (usize, usize);
}

/// The allocator.
#[derive(Debug)]
pub struct Pages<B> {
    backing: B,
    /// Physical address of the region.
    base: u64,
    bytes: u64,
    /// Offset of the first page that was never used.
    fresh: u64,
    /// Offset of the first page that came back, with the rest in its first word.
    returned: Option<u64>,
    used: usize,
}

impl<B: Backing> Pages<B> {
    /// All pages of a region at these physical addresses, which begin and end with a page.
    pub fn new(backing: B, physical: Range<u64>) -> Self {
        Self {
            bytes: backing.bytes().min(physical.end - physical.start),
            backing,
            base: physical.start,
            fresh: 0,
            returned: None,
            used: 0,
        }
    }

    fn offset(&self, at: Hpa) -> u64 {
        at.0.wrapping_sub(self.base)
    }

    /// The offset of `pages` fresh pages, aligned in physical memory; those skipped are returned.
    fn take_fresh(&mut self, pages: u64) -> Option<u64> {
        let bytes = pages.checked_mul(PAGE_BYTES)?;
        let start = self
            .base
            .checked_add(self.fresh)?
            .checked_next_multiple_of(bytes)?
            - self.base;
        let end = start.checked_add(bytes)?;
        if end > self.bytes {
            return None;
        }
        let skipped = self.fresh..start;
        self.fresh = end;
        skipped
            .step_by(PAGE_BYTES as usize)
            .for_each(|page| self.put_back(page));
        Some(start)
    }

    fn put_back(&mut self, page: u64) {
        // 1 is no page's offset: the end of the chain.
        self.backing.write64(page, self.returned.unwrap_or(1));
        self.returned = Some(page);
    }

    fn take_returned(&mut self) -> Option<u64> {
        let page = self.returned?;
        let next = self.backing.read64(page);
        self.returned = next.is_multiple_of(PAGE_BYTES).then_some(next);
        Some(page)
    }
}

impl<B: Backing> Memory for Pages<B> {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        let again = if pages == 1 {
            self.take_returned()
        } else {
            None
        };
        let start = again.or_else(|| self.take_fresh(pages as u64))?;
        let bytes = pages as u64 * PAGE_BYTES;
        for word in (start..start + bytes).step_by(8) {
            self.backing.write64(word, 0);
        }
        self.backing.write_back(start, bytes);
        self.used += pages;
        Some(Hpa(self.base + start))
    }

    fn free(&mut self, at: Hpa, pages: usize) {
        let start = self.offset(at);
        for page in 0..pages as u64 {
            self.put_back(start + page * PAGE_BYTES);
        }
        self.used -= pages;
    }

    fn read64(&self, at: Hpa) -> u64 {
        self.backing.read64(self.offset(at))
    }

    fn write64(&mut self, at: Hpa, value: u64) {
        self.backing.write64(self.offset(at), value);
    }

    fn write128(&mut self, at: Hpa, value: u128) -> bool {
        self.backing.write128(self.offset(at), value)
    }

    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.backing.write_back(self.offset(at), bytes);
    }
}

impl<B: Backing> Tables for Pages<B> {
    fn pages(&self) -> (usize, usize) {
        (self.used, (self.bytes / PAGE_BYTES) as usize)
    }
}

#[cfg(test)]
mod tests;
