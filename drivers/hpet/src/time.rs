// SPDX-License-Identifier: BSD-2-Clause
//! Ticks and nanoseconds.

/// Femtoseconds per nanosecond.
const FS_PER_NS: u128 = 1_000_000;

/// The length of a tick in femtoseconds, 1 to 100,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(pub(crate) u32);

impl Period {
    /// Nanoseconds in `ticks`, rounded down; `u64::MAX` where that is too many.
    pub fn ns(self, ticks: u64) -> u64 {
        let ns = u128::from(ticks) * u128::from(self.0) / FS_PER_NS;
        u64::try_from(ns).unwrap_or(u64::MAX)
    }

    /// The first tick at which `ns` nanoseconds have passed; `u64::MAX` where that is too many.
    pub fn ticks(self, ns: u64) -> u64 {
        let ticks = (u128::from(ns) * FS_PER_NS).div_ceil(u128::from(self.0));
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn converts() {
        // (period in fs, ticks, ns)
        for (period, ticks, ns) in [
            (10_000_000, 0, 0),
            (10_000_000, 100, 1_000),
            (69_841_279, 1, 69),
            (69_841_279, 14_318_179, 999_999_934),
            (100_000_000, u64::MAX, u64::MAX),
            (1, 999_999, 0),
        ] {
            assert_eq!(Period(period).ns(ticks), ns, "{ticks} ticks of {period} fs");
        }
        assert_eq!(Period(10_000_000).ticks(1), 1, "rounded up");
        assert_eq!(Period(1).ticks(u64::MAX), u64::MAX);
    }

    proptest! {
        /// A time-out never ends early: at the tick that it maps to, its nanoseconds have passed.
        #[test]
        fn never_early(period in 1u32..=100_000_000, ns in 0u64..1 << 62) {
            let period = Period(period);
            let ticks = period.ticks(ns);
            prop_assert!(period.ns(ticks) >= ns || ticks == u64::MAX);
            prop_assert!(ticks == 0 || period.ns(ticks - 1) < ns || ticks == u64::MAX);
        }
    }
}
