// SPDX-License-Identifier: BSD-2-Clause
//! A set of time-outs.

use crate::TIMEOUTS;

/// The time-outs of a client that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired(u32);

impl Expired {
    /// From bits; those that no time-out has are ignored.
    pub fn from_bits(bits: u32) -> Self {
        Self(bits & ((1 << TIMEOUTS) - 1))
    }

    /// As bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// Whether none ended.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the time-out with this number ended.
    pub fn contains(self, timeout: usize) -> bool {
        timeout < TIMEOUTS && self.0 >> timeout & 1 != 0
    }

    /// The numbers of those that ended, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..TIMEOUTS).filter(move |&timeout| self.contains(timeout))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_only_time_outs_that_exist() {
        let expired = Expired::from_bits(0xffff_ff82);
        assert!(expired.iter().eq([1, 7]));
        assert_eq!(expired.bits(), 0x82);
        assert!(!expired.contains(8) && !expired.contains(100));
        assert!(Expired::from_bits(0xffff_ff00).is_empty());
    }
}
