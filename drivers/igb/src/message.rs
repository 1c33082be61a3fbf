// SPDX-License-Identifier: BSD-2-Clause
//! Messages of virtual functions: sixteen words that mean one of a few requests, or nothing.

use crate::Mac;
use crate::filters::MULTICAST_HASHES;

/// Words in a mailbox.
pub const MESSAGE_WORDS: usize = 16;

pub(crate) const ACK: u32 = 1 << 31;
pub(crate) const NACK: u32 = 1 << 30;
pub(crate) const CLEAR_TO_SEND: u32 = 1 << 29;

/// Messages begin with their type in bits 15:0 and a number in bits 23:16.
pub(crate) mod kind {
    pub const RESET: u32 = 1;
    pub const SET_MAC: u32 = 2;
    pub const SET_MULTICAST: u32 = 3;
    pub const SET_VLAN: u32 = 4;
    pub const SET_MAX_FRAME: u32 = 5;
    pub const SET_PROMISCUOUS: u32 = 6;
}

/// What a virtual function asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// It starts over: it wants its address, and to receive and transmit.
    Reset,
    /// It wants this address instead of its own.
    SetMac(Mac),
    /// It wants to have no more addresses than its own.
    ClearAddresses,
    /// It wants one more address.
    AddAddress(Mac),
    /// It wants to receive the multicast frames with these hashes, and no others.
    SetMulticast(heapless::Vec<u16, MULTICAST_HASHES>),
    /// It wants to be in a VLAN, or no longer.
    SetVlan {
        /// The VLAN, 0 to 4094.
        id: u16,
        /// In it rather than out of it.
        join: bool,
    },
    /// It wants to receive frames up to this many bytes.
    SetMaxFrame(u32),
    /// It wants to receive all multicast frames, or (`false`) no longer.
    SetPromiscuous(bool),
    /// It acknowledges something, and wants nothing.
    Nothing,
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It has not asked for a reset first.
    NotReset,
    /// This is no message.
    Unknown,
    /// The address is of a group, all zero, not its own, or another virtual function's.
    Address,
    /// It may not have so many multicast hashes.
    Multicast,
    /// It may not be in this VLAN, or in so many.
    Vlan,
    /// All the device's VLAN filters are in use.
    VlanFilters,
    /// The frames would be too long or too short.
    FrameSize,
    /// It may not be promiscuous.
    Promiscuous,
}

/// How a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// As it wished.
    Granted,
    /// Not so.
    Refused(Refusal),
}

impl Request {
    /// What these words mean.
    ///
    /// # Errors
    ///
    /// [`Refusal::Unknown`], [`Refusal::Address`], [`Refusal::Multicast`], [`Refusal::Vlan`] for
    /// what can be no request of any virtual function.
    pub fn parse(words: &[u32; MESSAGE_WORDS]) -> Result<Self, Refusal> {
        let first = words[0];
        if first & (ACK | NACK) != 0 {
            return Ok(Self::Nothing);
        }
        let number = (first >> 16 & 0xff) as u8;
        let mac = || Mac::from_words(words[1], words[2]).ok_or(Refusal::Address);
        match (first & 0xffff, number) {
            (kind::RESET, 0) => Ok(Self::Reset),
            (kind::SET_MAC, 0) => Ok(Self::SetMac(mac()?)),
            (kind::SET_MAC, 1) => Ok(Self::ClearAddresses),
            (kind::SET_MAC, 2) => Ok(Self::AddAddress(mac()?)),
            (kind::SET_MULTICAST, count) => {
                let hashes = words[1..]
                    .iter()
                    .flat_map(|w| [*w as u16, (*w >> 16) as u16]);
                if usize::from(count) > MULTICAST_HASHES {
                    return Err(Refusal::Multicast);
                }
                let hashes = hashes.take(count.into()).map(|hash| hash & 0xfff);
                Ok(Self::SetMulticast(hashes.collect()))
            }
            (kind::SET_VLAN, join @ (0 | 1)) => {
                let id = u16::try_from(words[1]).map_err(|_| Refusal::Vlan)?;
                let join = join == 1;
                let valid = id < 4095;
                valid
                    .then_some(Self::SetVlan { id, join })
                    .ok_or(Refusal::Vlan)
            }
            (kind::SET_MAX_FRAME, 0) => Ok(Self::SetMaxFrame(words[1])),
            (kind::SET_PROMISCUOUS, 0) => Ok(Self::SetPromiscuous(false)),
            (kind::SET_PROMISCUOUS, 2) => Ok(Self::SetPromiscuous(true)),
            _ => Err(Refusal::Unknown),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(given: &[u32]) -> [u32; MESSAGE_WORDS] {
        let mut words = [0; MESSAGE_WORDS];
        words[..given.len()].copy_from_slice(given);
        words
    }

    #[test]
    fn what_igbvf_says_is_understood() {
        let mac = Mac::new([0x52, 0x54, 0, 0xbb, 0, 1]).unwrap();
        let [low, high] = mac.words();
        let hashes = |list: &[u16]| Request::SetMulticast(list.iter().copied().collect());
        for (given, expected) in [
            (&[0x0000_0001][..], Ok(Request::Reset)),
            (&[0x0000_0002, low, high], Ok(Request::SetMac(mac))),
            (&[0x0001_0002], Ok(Request::ClearAddresses)),
            (&[0x0002_0002, low, high], Ok(Request::AddAddress(mac))),
            (&[0x0001_0003, 0x0800], Ok(hashes(&[0x800]))),
            (
                &[0x0003_0003, 0x0123_fabc, 7],
                Ok(hashes(&[0xabc, 0x123, 7])),
            ),
            (&[0x0000_0003], Ok(hashes(&[]))),
            (
                &[0x0001_0004, 0],
                Ok(Request::SetVlan { id: 0, join: true }),
            ),
            (
                &[0x0000_0004, 100],
                Ok(Request::SetVlan {
                    id: 100,
                    join: false,
                }),
            ),
            (&[0x0000_0005, 0x5f2], Ok(Request::SetMaxFrame(1522))),
            (&[0x0000_0006], Ok(Request::SetPromiscuous(false))),
            (&[0x0002_0006], Ok(Request::SetPromiscuous(true))),
            (&[0x8000_0100], Ok(Request::Nothing)),
            (&[0x4000_0001], Ok(Request::Nothing)),
        ] {
            assert_eq!(Request::parse(&words(given)), expected, "{given:x?}");
        }
    }

    #[test]
    fn what_nobody_can_mean_is_refused() {
        for (given, refusal) in [
            (&[0][..], Refusal::Unknown),
            (&[7], Refusal::Unknown),
            (&[0x0001_0001], Refusal::Unknown),
            (&[0x0003_0002], Refusal::Unknown),
            (&[0x0002, 0, 0], Refusal::Address),
            (&[0x0002, 0x005e_0001, 0], Refusal::Address),
            (&[0x0002_0002, u32::MAX, u32::MAX], Refusal::Address),
            (&[0x001f_0003], Refusal::Multicast),
            (&[0x00ff_0003], Refusal::Multicast),
            (&[0x0001_0004, 4095], Refusal::Vlan),
            (&[0x0001_0004, 0x1_0001], Refusal::Vlan),
            (&[0x0002_0004, 1], Refusal::Unknown),
            (&[0x0001_0006], Refusal::Unknown),
        ] {
            assert_eq!(Request::parse(&words(given)), Err(refusal), "{given:x?}");
        }
    }

    proptest! {
        #[test]
        fn any_words_are_judged(first: u32, rest: [u32; 15]) {
            let mut message = [first; MESSAGE_WORDS];
            message[1..].copy_from_slice(&rest);
            match Request::parse(&message) {
                Ok(Request::SetMulticast(hashes)) => {
                    prop_assert_eq!(hashes.len(), (first >> 16 & 0xff) as usize);
                    prop_assert!(hashes.iter().all(|hash| *hash < 4096));
                }
                Ok(Request::SetVlan { id, .. }) => prop_assert!(id < 4095),
                Ok(Request::Nothing) => prop_assert!(first >> 30 != 0),
                _ => {}
            }
        }
    }
}
