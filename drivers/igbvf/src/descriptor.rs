// SPDX-License-Identifier: BSD-2-Clause
//! Advanced descriptors: what the driver writes (§7.1.5.1, §7.2.2) and what the device writes back.
//! A descriptor is two words of 64 bits.

/// What the device is to compute for a frame that is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Offload {
    /// Nothing.
    #[default]
    None,
    /// The checksum of TCP over IPv4 without options or fragments, in a frame without VLAN tag. The
    /// field must hold the sum of the pseudo header, not inverted (§7.2.5.2).
    Tcp,
    /// The same of UDP.
    Udp,
}

/// What the device found out about the checksums of a received frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksums {
    /// It has not looked at that of TCP or UDP.
    Unknown,
    /// That of TCP or UDP, and of IPv4, are right.
    Good,
    /// One of them is wrong.
    Bad,
}

/// What the device wrote into a receive descriptor (§7.1.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// The frame ends in this buffer.
    pub last: bool,
    /// How much it wrote into the buffer, as it says.
    pub bytes: usize,
    /// The frame was damaged on its way.
    pub damaged: bool,
    pub checksums: Checksums,
}

mod status {
    pub const DONE: u64 = 1 << 0;
    pub const END: u64 = 1 << 1;
    /// UDP's checksum was looked at (bit 4), or TCP's (bit 5).
    pub const L4_CHECKED: u64 = 0b11 << 4;
    /// IPv4's checksum was looked at.
    pub const IP_CHECKED: u64 = 1 << 6;
    pub const L4_WRONG: u64 = 1 << 29;
    pub const IP_WRONG: u64 = 1 << 30;
    pub const DAMAGED: u64 = 1 << 31;
}

impl Written {
    /// From the second word of the descriptor; `None` if the device has not written it yet.
    pub fn parse(word: u64) -> Option<Self> {
        let has = |bits: u64| word & bits != 0;
        if !has(status::DONE) {
            return None;
        }
        let checksums = if has(status::L4_CHECKED | status::IP_CHECKED)
            && has(status::L4_WRONG | status::IP_WRONG)
        {
            Checksums::Bad
        } else if has(status::L4_CHECKED) {
            Checksums::Good
        } else {
            Checksums::Unknown
        };
        Some(Self {
            last: has(status::END),
            bytes: (word >> 32 & 0xffff) as usize,
            damaged: has(status::DAMAGED),
            checksums,
        })
    }
}

mod command {
    pub const CONTEXT: u64 = 0b0010 << 20;
    pub const DATA: u64 = 0b0011 << 20;
    pub const END: u64 = 1 << 24;
    /// Append the frame's checksum.
    pub const CHECKSUM: u64 = 1 << 25;
    pub const REPORT: u64 = 1 << 27;
    /// This is an advanced descriptor.
    pub const ADVANCED: u64 = 1 << 29;
    /// In a context: IPv4.
    pub const IPV4: u64 = 1 << 10;
    /// In a context: TCP rather than UDP.
    pub const TCP: u64 = 1 << 11;
}

/// In the upper half of the second word: compute the checksum of TCP or UDP.
const INSERT_L4: u64 = 1 << 9;
/// In the upper half of the second word: written back.
const DONE: u64 = 1 << 32;

/// A frame of `len` bytes at `address`, which the device reports as done if `report`.
pub(crate) fn frame(address: u64, len: usize, offload: Offload, report: bool) -> [u64; 2] {
    let len = len as u64;
    let mut word = command::DATA | command::END | command::CHECKSUM | command::ADVANCED | len;
    if report {
        word |= command::REPORT;
    }
    let mut upper = len << 14;
    if let Some(index) = context_index(offload) {
        upper |= INSERT_L4 | index << 4;
    }
    [address, upper << 32 | word]
}

/// The two contexts that frames refer to: where their checksums are. A queue keeps them until it is
/// reset (§7.2.2.2).
pub(crate) fn contexts() -> [[u64; 2]; 2] {
    const ETHERNET_BYTES: u64 = 14;
    const IPV4_BYTES: u64 = 20;
    [(Offload::Tcp, command::TCP, 20), (Offload::Udp, 0, 8)].map(|(offload, protocol, header)| {
        let index = context_index(offload).unwrap_or_default();
        let kind = command::CONTEXT | command::ADVANCED | command::IPV4 | protocol;
        let upper = header << 8 | index << 4;
        [ETHERNET_BYTES << 9 | IPV4_BYTES, upper << 32 | kind]
    })
}

const fn context_index(offload: Offload) -> Option<u64> {
    match offload {
        Offload::None => None,
        Offload::Tcp => Some(0),
        Offload::Udp => Some(1),
    }
}

/// Whether the device wrote this second word of a transmit descriptor back.
pub(crate) const fn is_done(word: u64) -> bool {
    word & DONE != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_device_writes_is_understood() {
        let written = |last, bytes, damaged, checksums| {
            Some(Written {
                last,
                bytes,
                damaged,
                checksums,
            })
        };
        for (word, expected) in [
            (0, None),
            (0xffff_ffff_ffff_fffe, None),
            (
                0x0000_003c_0000_0003,
                written(true, 60, false, Checksums::Unknown),
            ),
            (
                0x0000_0800_0000_0001,
                written(false, 2048, false, Checksums::Unknown),
            ),
            (
                0x0000_05ea_0000_0063,
                written(true, 1514, false, Checksums::Good),
            ),
            (
                0x0000_05ea_0000_0073,
                written(true, 1514, false, Checksums::Good),
            ),
            (
                0x0000_05ea_0000_0043,
                written(true, 1514, false, Checksums::Unknown),
            ),
            (
                0x0000_05ea_2000_0063,
                written(true, 1514, false, Checksums::Bad),
            ),
            (
                0x0000_05ea_4000_0043,
                written(true, 1514, false, Checksums::Bad),
            ),
            // Wrong, but not looked at: nothing is known.
            (
                0x0000_05ea_6000_0003,
                written(true, 1514, false, Checksums::Unknown),
            ),
            (
                0xffff_ffff_ffff_ffff,
                written(true, 65535, true, Checksums::Bad),
            ),
        ] {
            assert_eq!(Written::parse(word), expected, "{word:#x}");
        }
    }

    #[test]
    fn frames_and_contexts_are_as_in_the_datasheet() {
        let plain = frame(0x1234_5000, 60, Offload::None, false);
        assert_eq!(plain, [0x1234_5000, 0x000f_0000_2330_003c]);
        let reported = frame(0x1234_5000, 60, Offload::None, true);
        assert_eq!(reported[1], 0x000f_0000_2b30_003c);
        assert_eq!(frame(0, 60, Offload::Tcp, false)[1], 0x000f_0200_2330_003c);
        assert_eq!(frame(0, 60, Offload::Udp, false)[1], 0x000f_0210_2330_003c);
        assert_eq!(
            contexts(),
            [
                [0x1c14, 0x0000_1400_2020_0c00],
                [0x1c14, 0x0000_0810_2020_0400],
            ]
        );
        assert!(!is_done(reported[1]) && is_done(reported[1] | 1 << 32));
    }
}
