// SPDX-License-Identifier: BSD-2-Clause
//! Memory that a device may change at any time.

use core::ptr::NonNull;

use mmio::{Mmio, MmioRegion};

/// Part of a region.
pub struct Memory {
    words: MmioRegion,
}

impl Memory {
    /// `bytes` of memory at `address`, which must be inside a region that is mapped there.
    ///
    /// # Panics
    ///
    /// When the address is 0.
    pub fn at(address: u64, bytes: usize) -> Self {
        let base = NonNull::new(address as *mut u8).expect("regions are not at 0");
        // SAFETY: the system descriptions map the regions whose addresses stand in this crate,
        // and memory is accessed in no other way than by this type, without references.
        let words = unsafe { MmioRegion::new(base, bytes) };
        Self { words }
    }

    /// Fills it with a number.
    pub fn fill(&mut self, value: u64) {
        for offset in (0..self.words.size()).step_by(8) {
            self.words.write64(offset, value);
        }
    }

    /// Writes a word.
    pub fn set(&mut self, offset: usize, value: u64) {
        self.words.write64(offset, value);
    }

    /// A word.
    pub fn word(&self, offset: usize) -> u64 {
        self.words.read64(offset)
    }

    /// Whether all of it is this number.
    pub fn is(&self, value: u64) -> bool {
        self.all(|word| word == value)
    }

    /// Whether `test` holds for all words.
    pub fn all(&self, test: impl Fn(u64) -> bool) -> bool {
        (0..self.words.size())
            .step_by(8)
            .all(|offset| test(self.words.read64(offset)))
    }

    /// A number that changes with the content.
    pub fn sum(&self) -> u64 {
        let offsets = (0..self.words.size()).step_by(8);
        offsets.fold(0, |sum: u64, offset| {
            sum.rotate_left(7) ^ self.words.read64(offset)
        })
    }
}
