// SPDX-License-Identifier: BSD-2-Clause
//! The messages: two message registers to the PF manager, twelve back, label 0.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, transmute};

use crate::VERSION;

/// Message registers of a [`Request`].
pub const REQUEST_WORDS: usize = 2;
/// Message registers of a [`Reply`].
pub const REPLY_WORDS: usize = 12;
/// Message registers of a reply's body.
pub const BODY_WORDS: usize = 10;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Request {
    /// [`VERSION`] of the client.
    pub version: u16,
    /// An [`Operation`].
    pub operation: u16,
    /// ReadConfig, WriteConfig: byte offset, a multiple of 4 below 4096. Else 0.
    pub offset: u16,
    /// 0.
    pub reserved: u16,
    /// WriteConfig: the double word, in the low half. Else 0.
    pub value: u64,
}

/// What the PF manager answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Reply {
    /// [`VERSION`] of the PF manager.
    pub version: u16,
    /// A [`Status`].
    pub status: u16,
    /// The [`State`](crate::State) of the virtual function after the request.
    pub state: u8,
    /// The [`Reason`](crate::Reason) of a quarantine; else 0.
    pub reason: u8,
    /// With [`Status::Unguarded`]: why, as the IOMMU manager numbers it. Else 0.
    pub detail: u16,
    /// Differs from life to life of the PF manager.
    pub generation: u64,
    /// By operation: [`WireInfo`](crate::WireInfo), [`WireFault`](crate::WireFault) for Query, a
    /// double word for ReadConfig, [`Statistics`](crate::Statistics). The rest is 0.
    pub body: [u64; BODY_WORDS],
}

/// The operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Operation {
    /// The client wants the function. It has it if it is granted afterwards; else its channel is
    /// notified when that changes. No harm if it has it already.
    Claim = 0,
    /// Who the function is and what it may use.
    Info = 1,
    /// State, reason, last fault.
    Query = 2,
    /// Function-level reset of a granted function, which is then granted again.
    Reset = 3,
    /// The same out of quarantine.
    Release = 4,
    /// Takes the function back: stop, reset, drain, invalidate, free.
    GiveUp = 5,
    /// Reads the function's own configuration space.
    ReadConfig = 6,
    /// Writes it, as far as a client may: bus master, MSI-X enable and function mask.
    WriteConfig = 7,
    /// What a network function sent and received.
    Statistics = 8,
}

impl Operation {
    /// The operation with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Claim,
            1 => Self::Info,
            2 => Self::Query,
            3 => Self::Reset,
            4 => Self::Release,
            5 => Self::GiveUp,
            6 => Self::ReadConfig,
            7 => Self::WriteConfig,
            8 => Self::Statistics,
            _ => return None,
        })
    }
}

/// How a request went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Status {
    /// Done, or begun: the state tells.
    Ok = 0,
    /// Another version, or the wrong number of message registers.
    Version = 1,
    /// No such operation, or a field that it does not use is not 0.
    Operation = 2,
    /// No virtual function belongs to this channel.
    Function = 3,
    /// DMA and interrupts cannot be kept in bounds on this machine, so nothing is granted.
    Unguarded = 4,
    /// The device is missing or did not start.
    Device = 5,
    /// The state does not allow the operation.
    State = 6,
    /// The client may not read, or not write, this part of configuration space.
    Offset = 7,
    /// A step failed: the function is blocked.
    Failed = 8,
    /// This kind of device does not have it.
    Unsupported = 9,
}

impl Status {
    /// The status with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Some(match number {
            0 => Self::Ok,
            1 => Self::Version,
            2 => Self::Operation,
            3 => Self::Function,
            4 => Self::Unguarded,
            5 => Self::Device,
            6 => Self::State,
            7 => Self::Offset,
            8 => Self::Failed,
            9 => Self::Unsupported,
            _ => return None,
        })
    }
}

impl Request {
    /// A request that needs nothing else.
    pub fn new(operation: Operation) -> Self {
        Self {
            version: VERSION,
            operation: operation as u16,
            offset: 0,
            reserved: 0,
            value: 0,
        }
    }

    /// As message registers.
    pub fn to_words(self) -> [u64; REQUEST_WORDS] {
        transmute!(self)
    }

    /// From message registers. Any words are a request; its fields are to be checked.
    pub fn from_words(words: [u64; REQUEST_WORDS]) -> Self {
        transmute!(words)
    }
}

impl Reply {
    /// As message registers.
    pub fn to_words(self) -> [u64; REPLY_WORDS] {
        transmute!(self)
    }

    /// From message registers. Any words are a reply; its fields are to be checked.
    pub fn from_words(words: [u64; REPLY_WORDS]) -> Self {
        transmute!(words)
    }
}

#[cfg(test)]
mod tests {
    use core::mem::{offset_of, size_of};

    use super::*;

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Request>(), 16);
        assert_eq!(offset_of!(Request, version), 0);
        assert_eq!(offset_of!(Request, operation), 2);
        assert_eq!(offset_of!(Request, offset), 4);
        assert_eq!(offset_of!(Request, reserved), 6);
        assert_eq!(offset_of!(Request, value), 8);
        assert_eq!(size_of::<Reply>(), 96);
        assert_eq!(offset_of!(Reply, version), 0);
        assert_eq!(offset_of!(Reply, status), 2);
        assert_eq!(offset_of!(Reply, state), 4);
        assert_eq!(offset_of!(Reply, reason), 5);
        assert_eq!(offset_of!(Reply, detail), 6);
        assert_eq!(offset_of!(Reply, generation), 8);
        assert_eq!(offset_of!(Reply, body), 16);
    }

    #[test]
    fn words_and_back() {
        let request = Request {
            version: 1,
            operation: 2,
            offset: 3,
            reserved: 4,
            value: 5,
        };
        assert_eq!(request.to_words(), [0x0004_0003_0002_0001, 5]);
        assert_eq!(Request::from_words(request.to_words()), request);
        let reply = Reply {
            version: 1,
            status: 2,
            state: 3,
            reason: 4,
            detail: 5,
            generation: 6,
            body: core::array::from_fn(|n| n as u64 + 7),
        };
        let words = reply.to_words();
        assert_eq!(words[..3], [0x0005_0403_0002_0001, 6, 7]);
        assert_eq!(words[11], 16);
        assert_eq!(Reply::from_words(words), reply);
    }

    #[test]
    fn numbers_and_back() {
        for number in 0..100 {
            assert_eq!(Operation::from_number(number).is_some(), number <= 8);
            assert!(Operation::from_number(number).is_none_or(|op| op as u16 == number));
            assert_eq!(Status::from_number(number).is_some(), number <= 9);
            assert!(Status::from_number(number).is_none_or(|status| status as u16 == number));
        }
    }
}
