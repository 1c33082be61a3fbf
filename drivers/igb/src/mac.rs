// SPDX-License-Identifier: BSD-2-Clause
//! Ethernet addresses of stations.

use core::fmt;

/// The address of one station: not a group address and not all zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mac([u8; 6]);

impl Mac {
    /// From its bytes, in the order in which they are sent. `None` for addresses of groups and
    /// for all zeroes.
    pub const fn new(bytes: [u8; 6]) -> Option<Self> {
        let group = bytes[0] & 1 != 0;
        if group || matches!(bytes, [0, 0, 0, 0, 0, 0]) {
            return None;
        }
        Some(Self(bytes))
    }

    /// Its bytes, in the order in which they are sent.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }

    /// From the two words that registers and mailboxes use; the upper half of `high` is ignored.
    pub const fn from_words(low: u32, high: u32) -> Option<Self> {
        let [a, b, c, d] = low.to_le_bytes();
        let [e, f, _, _] = high.to_le_bytes();
        Self::new([a, b, c, d, e, f])
    }

    /// The two words that registers and mailboxes use.
    pub const fn words(self) -> [u32; 2] {
        let [a, b, c, d, e, f] = self.0;
        [
            u32::from_le_bytes([a, b, c, d]),
            u32::from_le_bytes([e, f, 0, 0]),
        ]
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn only_stations_have_one() {
        let mac = Mac::new([0x52, 0x54, 0, 0xbb, 0, 3]).unwrap();
        assert_eq!(mac.bytes(), [0x52, 0x54, 0, 0xbb, 0, 3]);
        assert_eq!(mac.words(), [0xbb00_5452, 0x0300]);
        assert_eq!(Mac::from_words(0xbb00_5452, 0xffff_0300), Some(mac));
        assert_eq!(mac.to_string(), "52:54:00:bb:00:03");
        assert_eq!(Mac::new([0; 6]), None);
        assert_eq!(Mac::new([1, 0, 0x5e, 0, 0, 1]), None);
        assert_eq!(Mac::new([0xff; 6]), None);
    }
}
