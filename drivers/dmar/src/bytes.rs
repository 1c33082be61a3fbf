// SPDX-License-Identifier: BSD-2-Clause
//! Little-endian numbers out of bytes that may end anywhere.

/// Bytes of a table, or of a part of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bytes<'a>(pub &'a [u8]);

impl<'a> Bytes<'a> {
    pub fn u8(self, at: usize) -> Option<u8> {
        self.0.get(at).copied()
    }

    pub fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    pub fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub fn u64(self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }

    /// The `length` bytes from `at`.
    pub fn part(self, at: usize, length: usize) -> Option<Self> {
        self.0.get(at..at.checked_add(length)?).map(Self)
    }

    /// The bytes from `at` on, none if there are not so many.
    pub fn rest(self, at: usize) -> Self {
        Self(self.0.get(at..).unwrap_or_default())
    }

    fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.part(at, N)?.0.try_into().ok()
    }
}
