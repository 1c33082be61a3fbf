// SPDX-License-Identifier: BSD-2-Clause
//! Guard of a CNode capability.

use crate::{WORD_SIZE, Word};

const GUARD_SIZE_BITS: u32 = 6;
const GUARD_BITS: u32 = 18;
const GUARD_SIZE_SHIFT: u32 = 2;
const GUARD_SHIFT: u32 = GUARD_SIZE_SHIFT + GUARD_SIZE_BITS;

/// The guard that a CNode capability is minted or configured with (`seL4_CNode_CapData`).
///
/// Layout of this kernel on x86-64: bits 2–7 number of guard bits, 8–25 their value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CNodeCapData(Word);

impl CNodeCapData {
    /// A guard of `guard_size` bits with the value `guard`.
    ///
    /// # Panics
    ///
    /// When `guard_size` is above 63, or `guard` is wider than 18 bits or than the guard.
    pub const fn new(guard: Word, guard_size: usize) -> Self {
        assert!(
            guard_size < 1 << GUARD_SIZE_BITS,
            "guard of more than 63 bits"
        );
        assert!(guard < 1 << GUARD_BITS, "guard value wider than 18 bits");
        assert!(guard >> guard_size == 0, "guard value wider than the guard");
        Self(guard << GUARD_SHIFT | (guard_size as Word) << GUARD_SIZE_SHIFT)
    }

    /// A guard of `num_bits` zero bits.
    pub const fn skip(num_bits: usize) -> Self {
        Self::new(0, num_bits)
    }

    /// The zero guard that makes a lone CNode of 2^`cnode_size_bits` slots resolve whole words.
    pub const fn skip_high_bits(cnode_size_bits: usize) -> Self {
        Self::skip(WORD_SIZE - cnode_size_bits)
    }

    /// The kernel's word.
    pub const fn into_word(self) -> Word {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(CNodeCapData::new(0, 0).into_word(), 0);
        assert_eq!(CNodeCapData::skip(63).into_word(), 0xfc);
        assert_eq!(CNodeCapData::skip_high_bits(9).into_word(), 55 << 2);
        assert_eq!(
            CNodeCapData::new(0x3_ffff, 18).into_word(),
            0x3_ffff << 8 | 18 << 2
        );
    }

    #[test]
    #[should_panic(expected = "wider than the guard")]
    fn value_wider_than_guard() {
        let _ = CNodeCapData::new(2, 1);
    }

    #[test]
    #[should_panic(expected = "more than 63 bits")]
    fn guard_of_a_whole_word() {
        let _ = CNodeCapData::skip_high_bits(0);
    }
}
