// SPDX-License-Identifier: BSD-2-Clause
//! What a namespace is, by what the controller says (§5.15.2.1, §5.15.2.2).

use nvme::{Data, Error, NamespaceId, Result};

use crate::transfer::MAX_BYTES;

/// A namespace, and what the controller can do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Its number.
    pub namespace: NamespaceId,
    /// Bytes of a block: a power of two from 512 to 65,536.
    pub block_bytes: u32,
    /// How many blocks it has.
    pub blocks: u64,
    /// The most that one transfer can move, in bytes; a multiple of `block_bytes`.
    pub max_bytes: u32,
}

/// What matters of a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    max_bytes: u32,
}

impl Limits {
    /// From the data page about a controller.
    pub fn decode(data: &Data) -> Result<Self> {
        // SQES and CQES: the sizes of 64 and 16 bytes must be among those allowed.
        let allows = |sizes: u8, size: u8| (sizes & 0xf..=sizes >> 4).contains(&size);
        if !allows(data.u8(512), 6) || !allows(data.u8(513), 4) {
            return Err(Error::Unsuitable);
        }
        // MDTS in pages, as a power of two; 0 for no limit.
        let max_bytes = match data.u8(77) {
            0 => MAX_BYTES,
            shift => 4096u32
                .checked_shl(shift.into())
                .filter(|bytes| (4096..MAX_BYTES).contains(bytes))
                .unwrap_or(MAX_BYTES),
        };
        Ok(Self { max_bytes })
    }
}

impl Geometry {
    /// From the data page about a namespace.
    pub(crate) fn decode(namespace: NamespaceId, limits: Limits, data: &Data) -> Result<Self> {
        let blocks = data.u64(0);
        if blocks == 0 {
            // What is said of a namespace that the controller does not see.
            return Err(Error::NoSuchNamespace(namespace.0));
        }
        let format = data.u32(128 + 4 * usize::from(data.u8(26) & 0xf));
        let (metadata, shift) = (format & 0xffff, format >> 16 & 0xff);
        let protected = data.u8(29) & 0x7 != 0;
        if metadata != 0 || protected || !(9..=16).contains(&shift) {
            return Err(Error::Unsuitable);
        }
        if blocks > u64::MAX >> shift {
            return Err(Error::Inconsistent("a namespace has more than 2^64 bytes"));
        }
        let block_bytes = 1 << shift;
        if limits.max_bytes < block_bytes {
            return Err(Error::Inconsistent(
                "not even one block can be moved at once",
            ));
        }
        Ok(Self {
            namespace,
            block_bytes,
            blocks,
            max_bytes: limits.max_bytes,
        })
    }

    /// Its size in bytes.
    pub fn bytes(&self) -> u64 {
        self.blocks.saturating_mul(self.block_bytes.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(words: &[(usize, u32)]) -> Data {
        let mut page = [0; 1024];
        for (at, word) in words {
            page[*at / 4] = *word;
        }
        page.into()
    }

    fn limits(mdts: u32) -> Result<Limits> {
        Limits::decode(&page(&[(76, mdts << 8), (512, 0x4466)]))
    }

    fn namespace(words: &[(usize, u32)]) -> Result<Geometry> {
        Geometry::decode(NamespaceId(3), limits(0).unwrap(), &page(words))
    }

    #[test]
    fn fields_are_where_the_specification_has_them() {
        let geometry = namespace(&[(0, 0x100), (4, 1), (24, 0x0001_0000), (132, 0x000c_0000)]);
        let expected = Geometry {
            namespace: NamespaceId(3),
            block_bytes: 4096,
            blocks: 0x1_0000_0100,
            max_bytes: MAX_BYTES,
        };
        assert_eq!(geometry, Ok(expected));
        assert_eq!(expected.bytes(), 0x1_0000_0100 << 12);
    }

    #[test]
    fn the_controllers_limit_counts_if_it_is_lower_than_ours() {
        for (mdts, expected) in [
            (0, MAX_BYTES),
            (1, 8192),
            (5, 128 << 10),
            (6, MAX_BYTES),
            (7, MAX_BYTES),
            (20, MAX_BYTES),
            (31, MAX_BYTES),
            (255, MAX_BYTES),
        ] {
            assert_eq!(limits(mdts).unwrap().max_bytes, expected, "{mdts}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused() {
        const SIZE: (usize, u32) = (0, 8);
        const FORMAT: (usize, u32) = (128, 9 << 16);
        for (words, expected) in [
            (&[FORMAT][..], Error::NoSuchNamespace(3)),
            (&[SIZE, (128, 8 << 16)], Error::Unsuitable),
            (&[SIZE, (128, 17 << 16)], Error::Unsuitable),
            (&[SIZE, (128, 0xff << 16)], Error::Unsuitable),
            (&[SIZE, (128, 9 << 16 | 8)], Error::Unsuitable),
            (&[SIZE, FORMAT, (28, 0x0100)], Error::Unsuitable),
            (&[SIZE, FORMAT, (24, 0x000f_0000)], Error::Unsuitable),
            (
                &[(0, u32::MAX), (4, u32::MAX), FORMAT],
                Error::Inconsistent("a namespace has more than 2^64 bytes"),
            ),
        ] {
            assert_eq!(namespace(words), Err(expected), "{words:?}");
        }
        for sizes in [0x4455, 0x3366, 0x5566, 0x4477, 0] {
            let result = Limits::decode(&page(&[(512, sizes)]));
            assert_eq!(result, Err(Error::Unsuitable), "{sizes:#x}");
        }
        let small = limits(1).unwrap();
        let large = Geometry::decode(NamespaceId(1), small, &page(&[SIZE, (128, 16 << 16)]));
        assert!(matches!(large, Err(Error::Inconsistent(_))), "{large:?}");
    }
}
