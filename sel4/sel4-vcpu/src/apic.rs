// SPDX-License-Identifier: BSD-2-Clause
//! Registers of the virtual APIC.

/// A register in the virtual-APIC page, by its offset (SDM table "Local APIC Register Address Map").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApicRegister(u16);

impl ApicRegister {
    /// Local APIC ID.
    pub const ID: Self = Self(0x20);
    /// Version.
    pub const VERSION: Self = Self(0x30);
    /// Task priority.
    pub const TPR: Self = Self(0x80);
    /// Processor priority.
    pub const PPR: Self = Self(0xa0);
    /// End of interrupt.
    pub const EOI: Self = Self(0xb0);
    /// Logical destination.
    pub const LDR: Self = Self(0xd0);
    /// Spurious-interrupt vector.
    pub const SPURIOUS: Self = Self(0xf0);
    /// Interrupt command, lower half.
    pub const ICR_LOW: Self = Self(0x300);
    /// Interrupt command, upper half.
    pub const ICR_HIGH: Self = Self(0x310);

    /// In-service bits of the 32 vectors of which `vector` is one.
    pub const fn isr(vector: u8) -> Self {
        Self::word_of(0x100, vector)
    }

    /// Trigger-mode bits of the 32 vectors of which `vector` is one.
    pub const fn tmr(vector: u8) -> Self {
        Self::word_of(0x180, vector)
    }

    /// Request bits of the 32 vectors of which `vector` is one.
    pub const fn irr(vector: u8) -> Self {
        Self::word_of(0x200, vector)
    }

    /// The register at `offset`: a multiple of 16 up to 0x3f0.
    pub const fn at(offset: u16) -> Option<Self> {
        if offset.is_multiple_of(16) && offset < 0x400 {
            Some(Self(offset))
        } else {
            None
        }
    }

    /// The offset in the page, in bytes.
    pub const fn offset(self) -> u16 {
        self.0
    }

    const fn word_of(first: u16, vector: u8) -> Self {
        Self(first + (vector / 32) as u16 * 16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_32_to_a_register() {
        for (vector, offset) in [(0, 0x200), (31, 0x200), (32, 0x210), (255, 0x270)] {
            assert_eq!(ApicRegister::irr(vector).offset(), offset);
        }
        assert_eq!(ApicRegister::isr(255).offset(), 0x170);
        assert_eq!(ApicRegister::tmr(64).offset(), 0x1a0);
    }

    #[test]
    fn only_registers_have_offsets() {
        assert_eq!(ApicRegister::at(0x80), Some(ApicRegister::TPR));
        for offset in [1, 8, 0x400, 0xfff0] {
            assert_eq!(ApicRegister::at(offset), None);
        }
    }
}
