// SPDX-License-Identifier: BSD-2-Clause
//! Descriptions of untypeds in the boot information.

use zerocopy::{FromBytes, Immutable, KnownLayout, little_endian::U64};

/// One untyped: a power of two of memory, aligned to its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct UntypedDesc {
    paddr: U64,
    padding: [u8; 2],
    size_bits: u8,
    is_device: u8,
}

const _: () = assert!(size_of::<UntypedDesc>() == 12 && align_of::<UntypedDesc>() == 1);

impl UntypedDesc {
    /// Physical address.
    pub fn paddr(&self) -> usize {
        self.paddr.get() as usize
    }

    /// Base-two logarithm of the bytes.
    pub fn size_bits(&self) -> usize {
        self.size_bits.into()
    }

    /// Whether only frames can be made from it, and the kernel never clears them.
    pub fn is_device(&self) -> bool {
        self.is_device != 0
    }
}
