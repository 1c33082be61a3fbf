// SPDX-License-Identifier: BSD-2-Clause
//! Numbers that must not be mixed up: addresses on both sides of a translation, identities of
//! devices, domains and processors.

use core::fmt;

/// Bytes in a table page and in the smallest mapping.
pub const PAGE_BYTES: u64 = 4096;

/// A host-physical address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hpa(pub u64);

impl Hpa {
    /// The address `bytes` further on. Callers stay inside an allocation or a checked range; past
    /// the end of the address space it saturates and then names nothing that exists.
    #[must_use]
    pub const fn add(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }
}

impl fmt::Display for Hpa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// An address as a device puts it on the bus (I/O virtual address).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Iova(pub u64);

impl fmt::Display for Iova {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// Bus, device and function of a PCI requester: the source id of its DMA and of its interrupts.
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

    /// Device and function as one number, 0 to 255: the index into a context table.
    pub const fn devfn(self) -> u8 {
        self.0 as u8
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

/// The tag that hardware puts on everything it caches for one translation domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DomainId(pub u16);

/// A local APIC id: 8 bits in xAPIC mode, 32 bits in x2APIC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApicId(pub u32);

/// An interrupt vector. Those below 16 cannot be raised by an interrupt message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vector(pub u8);

/// What a device may do with a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rights {
    /// Read only.
    Read,
    /// Write only.
    Write,
    /// Read and write.
    ReadWrite,
}

impl Rights {
    /// Whether reading is allowed.
    pub const fn reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    /// Whether writing is allowed.
    pub const fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
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
    fn addresses_saturate_and_print_in_hexadecimal() {
        assert_eq!(Hpa(u64::MAX).add(1), Hpa(u64::MAX));
        assert_eq!(Hpa(0x1000).add(8).to_string(), "0x1008");
        assert_eq!(Iova(0x0dea_d000).to_string(), "0xdead000");
    }

    #[test]
    fn rights_say_what_they_allow() {
        for (rights, reads, writes) in [
            (Rights::Read, true, false),
            (Rights::Write, false, true),
            (Rights::ReadWrite, true, true),
        ] {
            assert_eq!((rights.reads(), rights.writes()), (reads, writes));
        }
    }
}
