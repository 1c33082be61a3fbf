// SPDX-License-Identifier: BSD-2-Clause
//! Memory for the driver's tables, half of it at a time: while a unit is taken over anew, it still
//! reads the tables of before.

use core::ptr::NonNull;

use mmio::{MmioRegion, SharedRegion};
use sel4_microkit::{memory_region_symbol, var};
use vtd::{Hpa, Memory, PAGE_BYTES};
use vtd_sequences::broken::Insides;

use crate::machine::vtd_registers;

const PAGES: usize = 1024;
const PAGE: usize = PAGE_BYTES as usize;

/// One half.
#[derive(Debug)]
pub struct Tables {
    memory: SharedRegion,
    used: [bool; PAGES],
}

impl Tables {
    /// The first or the second half, with nothing allocated. At most one value per half is in use.
    pub fn new(half: usize) -> Self {
        let (base, start, size) = region();
        let bytes = PAGES * PAGE_BYTES as usize;
        assert!(2 * bytes <= size, "the region is too small");
        let offset = half % 2 * bytes;
        Self {
            // SAFETY: the region has two halves, and no references lead there.
            memory: unsafe { SharedRegion::new(base.add(offset), bytes, start + offset as u64) },
            used: [false; PAGES],
        }
    }

    /// # Panics
    ///
    /// Outside allocated pages, and off the alignment of an access to so many bytes.
    fn offset(&self, at: Hpa, bytes: usize) -> usize {
        let offset = (at.0 - self.memory.bus_address()) as usize;
        assert!(self.used[offset / PAGE], "{at} is not allocated");
        assert!(offset.is_multiple_of(bytes), "{at} is not aligned");
        offset
    }
}

/// The tables in either half, and the unit, behind the driver's back.
pub struct Behind;

impl Insides for Behind {
    type Registers = MmioRegion;

    fn registers(&self) -> MmioRegion {
        vtd_registers()
    }

    fn peek(&self, at: u64) -> u64 {
        // SAFETY: `word` is inside the region, which the driver does not use at the same time.
        word(at).map_or(0, |word| unsafe { word.read_volatile() })
    }

    fn poke(&mut self, at: u64, value: u64) {
        if let Some(word) = word(at) {
            // SAFETY: as above.
            unsafe { word.write_volatile(value) }
        }
    }
}

/// Where the region is, what devices know it as, and its size.
fn region() -> (NonNull<u8>, u64, usize) {
    let base = memory_region_symbol!(tables: *mut u8);
    (
        base,
        *var!(tables_paddr: u64 = 0),
        *var!(tables_size: usize = 0),
    )
}

/// A word of the region.
fn word(at: u64) -> Option<NonNull<u64>> {
    let (base, start, bytes) = region();
    let offset = usize::try_from(at.checked_sub(start)?).ok()?;
    // SAFETY: the offset is inside the region.
    (offset < bytes).then(|| unsafe { base.add(offset) }.cast())
}

impl Memory for Tables {
    fn allocate(&mut self, pages: usize) -> Option<Hpa> {
        let free = |&first: &usize| !self.used[first..first + pages].contains(&true);
        let first = (0..PAGES).step_by(pages).find(free)?;
        self.used[first..first + pages].fill(true);
        let at = Hpa(self.memory.bus_address() + first as u64 * PAGE_BYTES);
        for word in 0..pages as u64 * PAGE_BYTES / 8 {
            self.write64(at.add(word * 8), 0);
        }
        self.write_back(at, pages as u64 * PAGE_BYTES);
        Some(at)
    }

    /// Fills the page with what leads a walk astray that still reads it.
    fn free(&mut self, page: Hpa) {
        for word in 0..PAGE_BYTES / 8 {
            self.write64(page.add(word * 8), 0x0bad_0003);
        }
        let offset = self.offset(page, PAGE);
        self.used[offset / PAGE] = false;
    }

    fn pages(&self) -> (usize, usize) {
        (self.used.iter().filter(|used| **used).count(), PAGES)
    }

    fn read64(&self, at: Hpa) -> u64 {
        self.memory.read64(self.offset(at, 8))
    }

    fn write64(&mut self, at: Hpa, value: u64) {
        self.memory.write64(self.offset(at, 8), value);
    }

    fn write128(&mut self, at: Hpa, value: u128) {
        self.memory.write128(self.offset(at, 16), value);
    }

    fn write_back(&mut self, at: Hpa, bytes: u64) {
        self.memory.write_back(self.offset(at, 8), bytes as usize);
    }
}
