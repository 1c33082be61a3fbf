// SPDX-License-Identifier: BSD-2-Clause
//! What a network function sent and received.

use core::fmt;

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use crate::BODY_WORDS;

/// The counts of one virtual function since the PF manager started it; 82576 datasheet §8.18.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(C)]
pub struct Statistics {
    /// Good frames received.
    pub received: u64,
    /// Good frames sent.
    pub sent: u64,
    /// Good bytes received.
    pub received_bytes: u64,
    /// Good bytes sent.
    pub sent_bytes: u64,
    /// Multicast frames received.
    pub multicast: u64,
    /// Of the received frames, those from other functions of the device.
    pub looped_received: u64,
    /// Of the sent frames, those to other functions of the device.
    pub looped_sent: u64,
    /// Messages to the physical function that were granted.
    pub messages: u64,
    /// Messages to the physical function that were refused.
    pub refused: u64,
    /// Times that it was reset, by itself or on request.
    pub resets: u64,
}

impl Statistics {
    /// As a reply's body.
    pub fn to_body(self) -> [u64; BODY_WORDS] {
        transmute!(self)
    }

    /// From a reply's body.
    pub fn from_body(body: [u64; BODY_WORDS]) -> Self {
        transmute!(body)
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "received {} frames, {} bytes ({} multicast, {} from inside); sent {} frames, {} bytes ({} to inside); \
             {} messages, {} refused, {} resets",
            self.received,
            self.received_bytes,
            self.multicast,
            self.looped_received,
            self.sent,
            self.sent_bytes,
            self.looped_sent,
            self.messages,
            self.refused,
            self.resets
        )
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::mem::{offset_of, size_of};
    use std::string::ToString;

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Statistics>(), 8 * BODY_WORDS);
        assert_eq!(offset_of!(Statistics, received), 0);
        assert_eq!(offset_of!(Statistics, sent), 8);
        assert_eq!(offset_of!(Statistics, received_bytes), 16);
        assert_eq!(offset_of!(Statistics, sent_bytes), 24);
        assert_eq!(offset_of!(Statistics, multicast), 32);
        assert_eq!(offset_of!(Statistics, looped_received), 40);
        assert_eq!(offset_of!(Statistics, looped_sent), 48);
        assert_eq!(offset_of!(Statistics, messages), 56);
        assert_eq!(offset_of!(Statistics, refused), 64);
        assert_eq!(offset_of!(Statistics, resets), 72);
    }

    #[test]
    fn one_line_tells_all() {
        let body = core::array::from_fn(|n| n as u64 + 1);
        let statistics = Statistics::from_body(body);
        assert_eq!(statistics.to_body(), body);
        assert_eq!(
            statistics.to_string(),
            "received 1 frames, 3 bytes (5 multicast, 6 from inside); sent 2 frames, 4 bytes (7 to inside); \
             8 messages, 9 refused, 10 resets"
        );
    }
}
