// SPDX-License-Identifier: BSD-2-Clause
//! Numbers that must not be mixed up: addresses on both sides of a translation, identities of
//! domains and processors.

use displaydoc::Display;

/// Bytes in a table page and in the smallest mapping.
pub const PAGE_BYTES: u64 = 4096;

/// A host-physical address.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[displaydoc("{0:#x}")]
pub struct Hpa(pub u64);

impl Hpa {
    /// The address `bytes` further on. Callers stay inside an allocation or a checked range; past
    /// the end of the address space it saturates and then names nothing that exists.
    #[must_use]
    pub const fn add(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }
}

/// An address as a device puts it on the bus (I/O virtual address).
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[displaydoc("{0:#x}")]
pub struct Iova(pub u64);

/// The tag that hardware puts on everything it caches for one translation domain.
#[derive(Clone, Copy, Debug, Display, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[displaydoc("{0}")]
pub struct DomainId(pub u16);

/// A local APIC id: 8 bits in xAPIC mode, 32 bits in x2APIC mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApicId(pub u32);

/// An interrupt vector. Those below 16 cannot be raised by an interrupt message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vector(pub u8);

/// What a device may do with a page. The numbers are the bits of a page-table entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Rights {
    /// Read only.
    Read = 1,
    /// Write only.
    Write = 2,
    /// Read and write.
    ReadWrite = 3,
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn addresses_saturate_and_print_in_hexadecimal() {
        assert_eq!(Hpa(u64::MAX).add(1), Hpa(u64::MAX));
        assert_eq!(Hpa(0x1000).add(8).to_string(), "0x1008");
        assert_eq!(Iova(0x0dea_d000).to_string(), "0xdead000");
    }
}
