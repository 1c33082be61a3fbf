// SPDX-License-Identifier: BSD-2-Clause
//! How much an access reads or writes.

/// The width of an access.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Width {
    /// 1 byte.
    Byte = 1,
    /// 2 bytes.
    Word = 2,
    /// 4 bytes.
    Dword = 4,
    /// 8 bytes.
    Qword = 8,
}

impl Width {
    /// The width of this many bytes, if it is one.
    pub const fn from_bytes(bytes: usize) -> Option<Self> {
        match bytes {
            1 => Some(Self::Byte),
            2 => Some(Self::Word),
            4 => Some(Self::Dword),
            8 => Some(Self::Qword),
            _ => None,
        }
    }

    /// In bytes.
    pub const fn bytes(self) -> usize {
        self as usize
    }

    /// All bits that a value of this width has.
    pub const fn mask(self) -> u64 {
        u64::MAX >> (64 - 8 * self as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths() {
        for (bytes, mask) in [
            (1, 0xff),
            (2, 0xffff),
            (4, 0xffff_ffff),
            (8, 0xffff_ffff_ffff_ffff),
        ] {
            let width = Width::from_bytes(bytes).expect("a width");
            assert_eq!((width.bytes(), width.mask()), (bytes, mask));
        }
        for bytes in [0, 3, 5, 16, usize::MAX] {
            assert_eq!(Width::from_bytes(bytes), None);
        }
    }
}
