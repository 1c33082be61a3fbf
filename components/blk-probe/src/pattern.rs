// SPDX-License-Identifier: BSD-2-Clause
//! What is written: random numbers, of which each can be told from its place alone.

/// The numbers of one round. No two rounds and no two namespaces have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pattern {
    start: u64,
}

/// The increment of SplitMix64; odd, so that all 2^64 starting points come up.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Pattern {
    /// That of this round on this namespace.
    pub fn new(namespace: u32, round: u64) -> Self {
        Self {
            start: mix(u64::from(namespace) ^ round.rotate_left(32)),
        }
    }

    /// The number in the quad word at this byte of the namespace.
    pub fn word(self, byte: u64) -> u64 {
        mix(self.start.wrapping_add((byte / 8).wrapping_mul(STEP)))
    }
}

/// SplitMix64's output function: a bijection.
fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ word >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn places_rounds_and_namespaces_all_differ() {
        let mut seen = BTreeSet::new();
        for (namespace, round) in [(1, 0), (1, 1), (2, 0), (2, 1), (0, 1)] {
            let pattern = Pattern::new(namespace, round);
            for byte in (0..80_000).step_by(8) {
                assert!(
                    seen.insert(pattern.word(byte)),
                    "{namespace} {round} {byte}"
                );
            }
        }
    }
}
