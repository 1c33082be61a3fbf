// SPDX-License-Identifier: BSD-2-Clause
//! Configuration space as memory (§7.2.2): 4 KiB for each function, in the order of routing ids.

use mmio::{ABSENT32, Mmio};

use crate::config::exists;
use crate::{Bdf, CONFIG_BYTES, PciConfig};

/// The part of the enhanced configuration space that a region shows: whole buses, or just the
/// pages of a few functions in a row.
#[derive(Debug)]
pub struct Ecam<M> {
    region: M,
    first: Bdf,
}

impl<M: Mmio> Ecam<M> {
    /// `region` begins with the page of function `first`.
    pub const fn new(region: M, first: Bdf) -> Self {
        Self { region, first }
    }

    fn address(&self, function: Bdf, offset: u16) -> Option<usize> {
        if !exists(offset) {
            return None;
        }
        let page = function.0.checked_sub(self.first.0)?;
        Some(usize::from(page) * usize::from(CONFIG_BYTES) + usize::from(offset))
    }
}

impl<M: Mmio> PciConfig for Ecam<M> {
    fn read32(&self, function: Bdf, offset: u16) -> u32 {
        self.address(function, offset)
            .map_or(ABSENT32, |address| self.region.read32(address))
    }

    fn write32(&mut self, function: Bdf, offset: u16, value: u32) {
        if let Some(address) = self.address(function, offset) {
            self.region.write32(address, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use mmio::{FakeMmio, Write};

    use super::*;

    #[test]
    fn finds_the_page_of_each_function_and_nothing_outside() {
        let mut region = FakeMmio::<0x3000>::new();
        region.set32(0x1004, 0x1234_5678);
        let mut ecam = Ecam::new(region, Bdf(0x98));
        assert_eq!(ecam.read32(Bdf(0x99), 4), 0x1234_5678);
        assert_eq!(ecam.read16(Bdf(0x99), 6), 0x1234);
        assert_eq!(ecam.read16(Bdf(0x99), 4), 0x5678);
        for (function, offset) in [(0x97, 4), (0x9b, 4), (0x99, 4096), (0x99, 2)] {
            assert_eq!(ecam.read32(Bdf(function), offset), ABSENT32);
            ecam.write32(Bdf(function), offset, 0);
        }
        assert_eq!(ecam.read16(Bdf(0x99), 5), 0xffff);
        ecam.write_low16(Bdf(0x9a), 4, 6);
        ecam.write_high16(Bdf(0x9a), 8, 7);
        let inside: std::vec::Vec<Write> = ecam
            .region
            .log()
            .iter()
            .filter(|w| w.offset < 0x3000)
            .copied()
            .collect();
        let write = |offset, value| Write {
            offset,
            width: 4,
            value,
        };
        assert_eq!(inside, [write(0x2004, 6), write(0x2008, 7 << 16)]);
    }
}
