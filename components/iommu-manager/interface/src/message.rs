// SPDX-License-Identifier: BSD-2-Clause
//! The messages: one message register to the manager, five back, label 0.

use core::fmt;

use zerocopy::{FromBytes, FromZeros, Immutable, IntoBytes, KnownLayout, transmute};

use crate::VERSION;
use crate::code::{Access, Operation, Reason, Status};

/// Message registers of a [`Request`].
pub const REQUEST_WORDS: usize = 1;
/// Message registers of a [`Reply`].
pub const REPLY_WORDS: usize = 5;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Request {
    /// [`VERSION`] of the client.
    pub version: u16,
    /// An [`Operation`].
    pub operation: u16,
    /// The device, by its requester id; 0 where none is meant.
    pub requester: u16,
    /// The interrupt, by the index of its entry, for [`Operation::Bind`] and
    /// [`Operation::Unbind`]; else 0.
    pub index: u16,
}

/// What the manager answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Reply {
    /// [`VERSION`] of the manager.
    pub version: u16,
    /// A [`Status`].
    pub status: u16,
    /// Zero.
    pub reserved: u32,
    /// What the operation answers, zero if that is nothing.
    pub body: [u64; 4],
}

/// What fills the body of a [`Reply`].
pub trait Body: FromBytes + IntoBytes + Immutable + Copy {}

/// The answer to [`Operation::Status`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Protection {
    /// A [`Refusal`](crate::Refusal): 0 if devices are kept apart and grants are given.
    pub refusal: u8,
    /// 1 if all DMA that was not granted is blocked. So it may be with a refusal, too.
    pub blocking: u8,
    /// 1 if interrupts are remapped.
    pub remapping: u8,
    /// Zero.
    pub reserved: u8,
    /// Remapping units that were taken over.
    pub units: u32,
    /// Devices of the system description.
    pub devices: u64,
    /// Zero.
    pub reserved2: [u64; 2],
}

/// A request of a device that was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Fault {
    /// The device, by its requester id.
    pub requester: u16,
    /// The code of a [`Reason`]; 0 if there was no fault.
    pub reason: u8,
    /// An [`Access`].
    pub access: u8,
    /// Zero.
    pub reserved: u32,
    /// The device address of the page, or the index of the interrupt.
    pub at: u64,
}

/// The answer to [`Operation::Query`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct DeviceState {
    /// A [`State`](crate::State).
    pub state: u16,
    /// The domain it is in, 0 for none.
    pub domain: u16,
    /// Interrupts that are bound for it.
    pub interrupts: u16,
    /// Zero.
    pub reserved: u16,
    /// Faults of it that were seen. Hardware folds several into one.
    pub faults: u64,
    /// The last of them.
    pub last: Fault,
}

/// The answer to [`Operation::NextFault`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Record {
    /// What was stopped.
    pub fault: Fault,
    /// Records count from 1; a gap means that older ones were not fetched in time.
    pub number: u64,
    /// If not 0: faults came so fast that the manager looks away. Ask again in so many
    /// milliseconds; it looks again only when it is asked.
    pub again_ms: u64,
}

/// The answer to [`Operation::Counters`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, Immutable, KnownLayout)]
#[repr(C)]
pub struct Counters {
    /// Pages of table memory in use.
    pub pages: u32,
    /// Pages of table memory there are.
    pub all_pages: u32,
    /// Interrupt entries that are bound, those of I/O APICs included.
    pub interrupts: u32,
    /// Domains in use.
    pub domains: u32,
    /// Faults seen.
    pub faults: u64,
    /// Batches of invalidations that hardware carried out.
    pub batches: u64,
}

impl Body for Protection {}
impl Body for DeviceState {}
impl Body for Record {}
impl Body for Counters {}

impl Request {
    /// A request of this version.
    pub fn new(operation: Operation, requester: u16, index: u16) -> Self {
        Self {
            version: VERSION,
            operation: operation as u16,
            requester,
            index,
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

    /// The same from as many registers as somebody sent.
    ///
    /// # Errors
    ///
    /// [`Status::Version`] if the number of registers or the version is another.
    pub fn parse(words: &[u64]) -> Result<Self, Status> {
        match words.try_into().map(Self::from_words) {
            Ok(request) if request.version == VERSION => Ok(request),
            _ => Err(Status::Version),
        }
    }
}

impl Reply {
    /// A reply without a body.
    pub fn new(status: Status) -> Self {
        Self {
            version: VERSION,
            status: status as u16,
            ..Self::new_zeroed()
        }
    }

    /// The same with a body. What is longer than there is room for is cut; no [`Body`] is.
    #[must_use]
    pub fn with(mut self, body: &impl Body) -> Self {
        let room = self.body.as_mut_bytes().iter_mut();
        room.zip(body.as_bytes()).for_each(|(to, &from)| *to = from);
        self
    }

    /// The body, if it can be one of this type.
    pub fn body<T: Body>(&self) -> Option<T> {
        Some(T::read_from_prefix(self.body.as_bytes()).ok()?.0)
    }

    /// As message registers.
    pub fn to_words(self) -> [u64; REPLY_WORDS] {
        transmute!(self)
    }

    /// From message registers. Any words are a reply; its fields are to be checked.
    pub fn from_words(words: [u64; REPLY_WORDS]) -> Self {
        transmute!(words)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bus, device) = (self.requester >> 8, self.requester >> 3 & 0x1f);
        write!(f, "{bus:02x}:{device:02x}.{}: ", self.requester & 7)?;
        match Access::from_number(self.access).unwrap_or(Access::Other) {
            Access::Interrupt => write!(f, "interrupt {}", self.at)?,
            access => write!(f, "{access} {:#x}", self.at)?,
        }
        match Reason::from_number(self.reason) {
            Some(reason) => write!(f, " stopped: {reason} ({:#04x})", self.reason),
            None => write!(f, " stopped, reason {:#04x}", self.reason),
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use core::mem::{offset_of, size_of};
    use std::string::ToString;

    use super::*;

    const FAULT: Fault = Fault {
        requester: 0x98,
        reason: 6,
        access: 0,
        reserved: 0,
        at: 0xdead_0000,
    };

    #[test]
    fn the_layout_is_fixed() {
        assert_eq!(size_of::<Request>(), 8 * REQUEST_WORDS);
        assert_eq!(offset_of!(Request, operation), 2);
        assert_eq!(offset_of!(Request, requester), 4);
        assert_eq!(offset_of!(Request, index), 6);
        assert_eq!(size_of::<Reply>(), 8 * REPLY_WORDS);
        assert_eq!(offset_of!(Reply, status), 2);
        assert_eq!(offset_of!(Reply, body), 8);
        assert_eq!(size_of::<Protection>(), 32);
        assert_eq!(offset_of!(Protection, blocking), 1);
        assert_eq!(offset_of!(Protection, remapping), 2);
        assert_eq!(offset_of!(Protection, units), 4);
        assert_eq!(offset_of!(Protection, devices), 8);
        assert_eq!(size_of::<DeviceState>(), 32);
        assert_eq!(offset_of!(DeviceState, domain), 2);
        assert_eq!(offset_of!(DeviceState, interrupts), 4);
        assert_eq!(offset_of!(DeviceState, faults), 8);
        assert_eq!(offset_of!(DeviceState, last), 16);
        assert_eq!(size_of::<Fault>(), 16);
        assert_eq!(offset_of!(Fault, reason), 2);
        assert_eq!(offset_of!(Fault, access), 3);
        assert_eq!(offset_of!(Fault, at), 8);
        assert_eq!(size_of::<Record>(), 32);
        assert_eq!(offset_of!(Record, number), 16);
        assert_eq!(offset_of!(Record, again_ms), 24);
        assert_eq!(size_of::<Counters>(), 32);
        assert_eq!(offset_of!(Counters, all_pages), 4);
        assert_eq!(offset_of!(Counters, interrupts), 8);
        assert_eq!(offset_of!(Counters, domains), 12);
        assert_eq!(offset_of!(Counters, faults), 16);
        assert_eq!(offset_of!(Counters, batches), 24);
    }

    #[test]
    fn words_and_back() {
        let request = Request::new(Operation::Bind, 0x98, 9);
        assert_eq!(request.to_words(), [0x0009_0098_0003_0001]);
        assert_eq!(Request::from_words(request.to_words()), request);
        let record = Record {
            fault: FAULT,
            number: 7,
            again_ms: 3,
        };
        let reply = Reply::new(Status::NoFault).with(&record);
        let words = [0x000a_0001, 0x0006_0098, 0xdead_0000, 7, 3];
        assert_eq!(reply.to_words(), words);
        assert_eq!(Reply::from_words(words), reply);
        assert_eq!(reply.body(), Some(record));
    }

    #[test]
    fn a_fault_is_a_line_of_words() {
        let read = "00:13.0: read of 0xdead0000 stopped: no right to read there (0x06)";
        assert_eq!(FAULT.to_string(), read);
        let interrupt = Fault {
            access: 3,
            at: 12,
            reason: 0x26,
            ..FAULT
        };
        assert_eq!(
            interrupt.to_string(),
            "00:13.0: interrupt 12 stopped: the interrupt entry belongs to another device (0x26)"
        );
        let odd = Fault {
            access: 99,
            reason: 0x52,
            ..FAULT
        };
        let words = "00:13.0: request for 0xdead0000 stopped, reason 0x52";
        assert_eq!(odd.to_string(), words);
    }
}
