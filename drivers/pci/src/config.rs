// SPDX-License-Identifier: BSD-2-Clause
//! Access to configuration space.

use mmio::ABSENT32;

use crate::Bdf;

/// Bytes of configuration space that each function has.
pub const CONFIG_BYTES: u16 = 4096;

/// Configuration space of functions, in aligned double words.
///
/// Where no function answers, or where the implementation has no right to go, reads give all
/// ones and writes are dropped. The same holds for an `offset` that is not a multiple of 4 or
/// not below [`CONFIG_BYTES`].
pub trait PciConfig {
    /// Reads the double word at byte `offset`.
    fn read32(&self, function: Bdf, offset: u16) -> u32;

    /// Writes the double word at byte `offset`.
    fn write32(&mut self, function: Bdf, offset: u16, value: u32);

    /// Reads the word at byte `offset`, a multiple of 2.
    fn read16(&self, function: Bdf, offset: u16) -> u16 {
        if !offset.is_multiple_of(2) {
            return ABSENT32 as u16;
        }
        let word = self.read32(function, offset & !3);
        (word >> (8 * u32::from(offset & 2))) as u16
    }

    /// Writes the low word of the double word at `offset`, and zeroes to its high word. Right for
    /// registers whose upper neighbour holds status bits that are cleared by writing ones, or is
    /// read-only.
    fn write_low16(&mut self, function: Bdf, offset: u16, value: u16) {
        self.write32(function, offset, value.into());
    }

    /// Writes the high word of the double word at `offset`, and zeroes to its low word. Right for
    /// registers whose lower neighbour is read-only.
    fn write_high16(&mut self, function: Bdf, offset: u16, value: u16) {
        self.write32(function, offset, u32::from(value) << 16);
    }
}

/// Whether `offset` names a double word of configuration space.
pub(crate) fn exists(offset: u16) -> bool {
    offset.is_multiple_of(4) && offset < CONFIG_BYTES
}
