// SPDX-License-Identifier: BSD-2-Clause
//! Sets of vectors.

/// A set of vectors: an interrupt-request, in-service or trigger-mode register of 256 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Vectors([u64; 4]);

impl Vectors {
    pub(crate) const EMPTY: Self = Self([0; 4]);

    pub(crate) const fn contains(&self, vector: u8) -> bool {
        self.0[vector as usize / 64] & Self::bit(vector) != 0
    }

    pub(crate) const fn insert(&mut self, vector: u8) {
        self.0[vector as usize / 64] |= Self::bit(vector);
    }

    pub(crate) const fn remove(&mut self, vector: u8) {
        self.0[vector as usize / 64] &= !Self::bit(vector);
    }

    /// The vector of the highest priority.
    pub(crate) const fn highest(&self) -> Option<u8> {
        let mut word = self.0.len();
        while word > 0 {
            word -= 1;
            if self.0[word] != 0 {
                return Some(word as u8 * 64 + self.0[word].ilog2() as u8);
            }
        }
        None
    }

    /// The 32-bit register with this number, 0 to 7.
    pub(crate) const fn register(&self, number: u8) -> u32 {
        (self.0[number as usize / 2 % 4] >> (number % 2 * 32)) as u32
    }

    /// The 64 vectors of which `vector` is one.
    pub(crate) const fn word_of(&self, vector: u8) -> u64 {
        self.0[vector as usize / 64]
    }

    const fn bit(vector: u8) -> u64 {
        1 << (vector % 64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_has_its_bit() {
        for vector in 0..=255 {
            let mut set = Vectors::EMPTY;
            set.insert(vector);
            assert!((0..=255).all(|other| set.contains(other) == (other == vector)));
            assert_eq!(set.highest(), Some(vector));
            assert_eq!(set.register(vector / 32), 1 << (vector % 32));
            assert_eq!(set.word_of(vector), 1 << (vector % 64));
            set.remove(vector);
            assert_eq!((set, set.highest()), (Vectors::EMPTY, None));
        }
    }

    #[test]
    fn the_highest_of_several() {
        let mut set = Vectors::EMPTY;
        for vector in [0x20, 0xfe, 0x7f, 0x80] {
            set.insert(vector);
        }
        for vector in [0xfe, 0x80, 0x7f, 0x20] {
            assert_eq!(set.highest(), Some(vector));
            set.remove(vector);
        }
    }
}
