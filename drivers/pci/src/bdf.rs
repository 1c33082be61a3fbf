// SPDX-License-Identifier: BSD-2-Clause
//! The identity of a function on the bus.

use core::fmt;

/// Bus, device and function of a PCI requester: where its configuration space is, and the source
/// id of its DMA and of its interrupts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bdf(pub u16);

impl Bdf {
    /// From the three numbers; `None` if device is over 31 or function over 7.
    pub const fn new(bus: u8, device: u8, function: u8) -> Option<Self> {
        if device > 31 || function > 7 {
            return None;
        }
        Some(Self(
            (bus as u16) << 8 | (device as u16) << 3 | function as u16,
        ))
    }

    /// The bus, 0 to 255.
    pub const fn bus(self) -> u8 {
        (self.0 >> 8) as u8
    }

    /// Device and function as one number, 0 to 255: the index into a context table, and the
    /// function number where alternative routing-id interpretation (ARI) is in force.
    pub const fn devfn(self) -> u8 {
        self.0 as u8
    }

    /// The function `by` routing ids further on, which may be on another bus; `None` past the
    /// last bus.
    pub const fn offset(self, by: u16) -> Option<Self> {
        match self.0.checked_add(by) {
            Some(id) => Some(Self(id)),
            None => None,
        }
    }
}

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02x}:{:02x}.{}",
            self.bus(),
            self.devfn() >> 3,
            self.devfn() & 7
        )
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_bdf_has_the_bus_above_device_and_function() {
        let bdf = Bdf::new(0, 0x13, 2).unwrap();
        assert_eq!((bdf.0, bdf.bus(), bdf.devfn()), (0x9a, 0, 0x9a));
        assert_eq!(bdf.to_string(), "00:13.2");
        assert_eq!(Bdf::new(0xff, 31, 7), Some(Bdf(0xffff)));
        assert_eq!(Bdf::new(0, 32, 0), None);
        assert_eq!(Bdf::new(0, 0, 8), None);
    }

    #[test]
    fn offsets_cross_buses_and_end_at_the_last() {
        assert_eq!(Bdf(0x18).offset(0x80), Some(Bdf(0x98)));
        assert_eq!(Bdf(0xff).offset(1), Some(Bdf(0x100)));
        assert_eq!(Bdf(0xffff).offset(1), None);
    }
}
