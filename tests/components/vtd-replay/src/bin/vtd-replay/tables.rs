// SPDX-License-Identifier: BSD-2-Clause
//! Memory for the driver's tables, half of it at a time: while a unit is taken over anew, it still
//! reads the tables of before.

use core::arch::asm;
use core::arch::x86_64::{_mm_clflush, _mm_mfence};
use core::ptr::NonNull;

use mmio::MmioRegion;
use sel4_microkit::{memory_region_symbol, var};
use vtd::{Hpa, Memory, PAGE_BYTES};
use vtd_sequences::broken::Insides;

use crate::machine::vtd_registers;

const PAGES: usize = 1024;

/// One half.
#[derive(Debug)]
pub struct Tables {
    base: NonNull<u8>,
    start: u64,
    used: [bool; PAGES],
    /// 128 bits are written at once.
    pairs: bool,
}

impl Tables {
    /// The first or the second half, with nothing allocated. At most one value per half is in use.
    pub fn new(half: usize, pairs: bool) -> Self {
        let (base, start, size) = region();
        let bytes = PAGES * PAGE_BYTES as usize;
        assert!(2 * bytes <= size, "the region is too small");
        let offset = half % 2 * bytes;
        Self {
            // SAFETY: the region has two halves.
            base: unsafe { base.add(offset) },
            start: start + offset as u64,
            used: [false; PAGES],
            pairs,
        }
    }

    /// Pages that are allocated.
    pub fn pages_in_use(&self) -> usize {
        self.used.iter().filter(|used| **used).count()
    }

    fn page_of(&self, at: Hpa) -> usize {
        ((at.0 - self.start) / PAGE_BYTES) as usize
    }

    /// # Panics
    ///
    /// Outside allocated pages.
    fn pointer<T>(&self, at: Hpa) -> NonNull<T> {
        assert!(self.used[self.page_of(at)], "{at} is not allocated");
        assert!(
            at.0.is_multiple_of(size_of::<T>() as u64),
            "{at} is not aligned"
        );
        // SAFETY: the page is one of this half.
        unsafe { self.base.add((at.0 - self.start) as usize) }.cast()
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
        let at = Hpa(self.start + first as u64 * PAGE_BYTES);
        for word in 0..pages as u64 * PAGE_BYTES / 8 {
            self.write64(at.add(word * 8), 0);
        }
        self.write_back(at, pages as u64 * PAGE_BYTES);
        Some(at)
    }

    /// Fills the pages with what leads a walk astray that still reads them.
    fn free(&mut self, at: Hpa, pages: usize) {
        for word in 0..pages as u64 * PAGE_BYTES / 8 {
            self.write64(at.add(word * 8), 0x0bad_0003);
        }
        let first = self.page_of(at);
        self.used[first..first + pages].fill(false);
    }

    fn read64(&self, at: Hpa) -> u64 {
        // SAFETY: the word is inside the region, which only the unit uses besides.
        unsafe { self.pointer::<u64>(at).read_volatile() }
    }

    fn write64(&mut self, at: Hpa, value: u64) {
        // SAFETY: as above.
        unsafe { self.pointer::<u64>(at).write_volatile(value) }
    }

    fn write128(&mut self, at: Hpa, value: u128) -> bool {
        if !self.pairs {
            return false;
        }
        let old = u128::from(self.read64(at)) | u128::from(self.read64(at.add(8))) << 64;
        let pointer = self.pointer::<u128>(at);
        // SAFETY: the pointer is checked and aligned; every 64-bit processor but the very first
        // has the instruction.
        let found = unsafe { exchange(pointer, old, value) };
        found == old
    }

    fn write_back(&mut self, at: Hpa, bytes: u64) {
        for line in (at.0 & !63..at.0 + bytes).step_by(64) {
            let line = self.pointer::<u64>(Hpa(line));
            // SAFETY: the line is mapped, and every processor has the instruction.
            unsafe { _mm_clflush(line.as_ptr().cast()) }
        }
        // SAFETY: every processor has the instruction.
        unsafe { _mm_mfence() }
    }
}

/// Writes `value` if `old` is there; what was there.
///
/// # Safety
///
/// The processor has the instruction, and the pointer is valid and aligned.
unsafe fn exchange(at: NonNull<u128>, old: u128, value: u128) -> u128 {
    let (mut low, mut high) = (old as u64, (old >> 64) as u64);
    // SAFETY: promised by the caller. The compiler keeps rbx for itself, hence the exchange; its
    // own intrinsic becomes a call to a library that is not there.
    unsafe {
        asm!(
            "xchg rbx, {value}",
            "lock cmpxchg16b [{at}]",
            "mov rbx, {value}",
            value = inout(reg) value as u64 => _,
            at = in(reg) at.as_ptr(),
            in("rcx") (value >> 64) as u64,
            inout("rax") low,
            inout("rdx") high,
            options(nostack),
        );
    }
    u128::from(low) | u128::from(high) << 64
}
