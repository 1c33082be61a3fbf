// SPDX-License-Identifier: BSD-2-Clause
//! The routing ids of virtual functions (§9.2.1.2).

use pci::Bdf;

use crate::{Error, Result};

/// Who the virtual functions of a physical function are. All of them exist and differ from each
/// other and from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Routing {
    function: Bdf,
    first: u16,
    stride: u16,
    count: u16,
}

impl Routing {
    /// `count` virtual functions of `function`, the first one `first` ids further on, each next
    /// one `stride` after the one before.
    ///
    /// # Errors
    ///
    /// [`Error::Routing`].
    pub fn new(function: Bdf, first: u16, stride: u16, count: u16) -> Result<Self> {
        let steps = u32::from(count.saturating_sub(1)) * u32::from(stride);
        let last = u32::from(function.0) + u32::from(first) + steps;
        let apart = stride > 0 || count <= 1;
        if first == 0 || !apart || last > u32::from(u16::MAX) {
            return Err(Error::Routing(function, first, stride));
        }
        Ok(Self {
            function,
            first,
            stride,
            count,
        })
    }

    /// How many there are.
    pub const fn count(&self) -> u16 {
        self.count
    }

    /// Virtual function `index`, counted from 0. `None` if there are not so many.
    pub fn vf(&self, index: u16) -> Option<Bdf> {
        if index >= self.count {
            return None;
        }
        let distance = self.first.checked_add(self.stride.checked_mul(index)?)?;
        self.function.offset(distance)
    }

    /// The number of the virtual function with this routing id.
    pub fn index(&self, vf: Bdf) -> Option<u16> {
        (0..self.count).find(|&index| self.vf(index) == Some(vf))
    }

    /// The last bus that one of them is on: the bridge above must forward it.
    pub fn last_bus(&self) -> u8 {
        let last = self.vf(self.count.saturating_sub(1));
        last.unwrap_or(self.function).bus()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offset_and_stride_lead_to_each_function() {
        // The 82576 on the root bus, an NVMe controller, and one that reaches the next bus.
        for (function, first, stride, count, vfs, bus) in [
            (0x18, 0x80, 2, 8, [0x98, 0x9a], 0),
            (0x20, 1, 1, 4, [0x21, 0x22], 0),
            (0x180, 0x80, 2, 8, [0x200, 0x202], 2),
        ] {
            let routing = Routing::new(Bdf(function), first, stride, count).unwrap();
            assert_eq!([0, 1].map(|n| routing.vf(n)), vfs.map(|id| Some(Bdf(id))));
            assert_eq!(routing.vf(count), None);
            assert_eq!(routing.index(Bdf(vfs[1])), Some(1));
            assert_eq!(routing.index(Bdf(function)), None);
            assert_eq!(routing.last_bus(), bus);
        }
    }

    #[test]
    fn ids_that_coincide_or_end_are_refused() {
        for (function, first, stride, count, accepted) in [
            (0x18, 0, 1, 1, false),
            (0x18, 1, 0, 2, false),
            (0x18, 1, 0, 1, true),
            (0xfff0, 0x10, 1, 1, false),
            (0xfff0, 0xf, 1, 1, true),
            (0xfff0, 1, 0xf, 2, false),
            (0x18, u16::MAX, u16::MAX, u16::MAX, false),
        ] {
            let result = Routing::new(Bdf(function), first, stride, count);
            assert_eq!(
                result.is_ok(),
                accepted,
                "{function:#x} {first} {stride} {count}"
            );
        }
    }

    proptest! {
        #[test]
        fn accepted_ids_all_exist_and_differ(
            function: u16, first in 0u16..600, stride in 0u16..600, count in 1u16..300,
        ) {
            if let Ok(routing) = Routing::new(Bdf(function), first, stride, count) {
                for index in 0..count {
                    let vf = routing.vf(index);
                    prop_assert!(vf.is_some_and(|vf| vf > Bdf(function)));
                    prop_assert!(index == 0 || vf > routing.vf(index - 1));
                }
            }
        }
    }
}
