// SPDX-License-Identifier: BSD-2-Clause
//! Events: what an entry injects, what an exit was about, and what it interrupted. All three have
//! one format (SDM tables "Format of the VM-Entry Interruption-Information Field" and the like),
//! with the error code in the upper half.

use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

const VALID: u64 = 1 << 31;
const HAS_ERROR_CODE: u64 = 1 << 11;
/// Vector, kind, error code, valid: what can be injected. The rest tells of the exit only.
const INJECTABLE: u64 = VALID | 0xfff;

/// An interrupt or exception, or none.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, Default, FromBytes, IntoBytes, Immutable, KnownLayout,
)]
#[repr(transparent)]
pub struct Event(u64);

/// What sort of event it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// An interrupt of a device or another CPU.
    External = 0,
    /// A non-maskable interrupt.
    Nmi = 2,
    /// An exception that the CPU raised.
    Exception = 3,
    /// INT n.
    SoftwareInterrupt = 4,
    /// INT1.
    PrivilegedException = 5,
    /// INT3 or INTO.
    SoftwareException = 6,
    /// No vector: what else can be pending (entries), or nothing known.
    Other = 7,
}

impl Event {
    /// No event.
    pub const NONE: Self = Self(0);

    /// An event without error code.
    pub const fn new(kind: EventKind, vector: u8) -> Self {
        Self(VALID | (kind as u64) << 8 | vector as u64)
    }

    /// An interrupt.
    pub const fn interrupt(vector: u8) -> Self {
        Self::new(EventKind::External, vector)
    }

    /// An exception without error code.
    pub const fn exception(vector: u8) -> Self {
        Self::new(EventKind::Exception, vector)
    }

    /// The same event with an error code.
    #[must_use]
    pub const fn with_error_code(self, code: u32) -> Self {
        Self(self.0 & 0xffff_ffff | HAS_ERROR_CODE | (code as u64) << 32)
    }

    /// Is there an event?
    pub const fn is_some(self) -> bool {
        self.0 & VALID != 0
    }

    /// Is it an interrupt of a device or another CPU?
    pub const fn is_interrupt(self) -> bool {
        self.0 & (VALID | 7 << 8) == VALID
    }

    /// The vector; meaningless without an event.
    pub const fn vector(self) -> u8 {
        self.0 as u8
    }

    /// The kind.
    pub const fn kind(self) -> EventKind {
        match self.0 >> 8 & 7 {
            0 => EventKind::External,
            2 => EventKind::Nmi,
            3 => EventKind::Exception,
            4 => EventKind::SoftwareInterrupt,
            5 => EventKind::PrivilegedException,
            6 => EventKind::SoftwareException,
            _ => EventKind::Other,
        }
    }

    /// The error code, of events that have one.
    pub const fn error_code(self) -> Option<u32> {
        if self.is_some() && self.0 & HAS_ERROR_CODE != 0 {
            Some((self.0 >> 32) as u32)
        } else {
            None
        }
    }

    /// The event that an entry injects to go on with this one, which an exit interrupted.
    #[must_use]
    pub const fn again(self) -> Self {
        if !self.is_some() {
            return Self::NONE;
        }
        let upper = match self.error_code() {
            Some(code) => (code as u64) << 32,
            None => 0,
        };
        Self(self.0 & INJECTABLE | upper)
    }
}

impl core::fmt::Debug for Event {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        if !self.is_some() {
            return f.write_str("none");
        }
        write!(f, "{:?} {:#x}", self.kind(), self.vector())?;
        match self.error_code() {
            Some(code) => write!(f, " ({code:#x})"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_cpus_format() {
        for (event, word) in [
            (Event::NONE, 0),
            (Event::interrupt(0x31), 0x8000_0031),
            (Event::new(EventKind::Nmi, 2), 0x8000_0202),
            (Event::exception(6), 0x8000_0306),
            (Event::exception(13).with_error_code(8), 0x8_8000_0b0d),
            (Event::new(EventKind::SoftwareInterrupt, 0x80), 0x8000_0480),
        ] {
            assert_eq!(event.0, word, "{event:?}");
        }
    }

    #[test]
    fn what_it_says() {
        let fault = Event::exception(14).with_error_code(6);
        assert_eq!((fault.vector(), fault.error_code()), (14, Some(6)));
        assert_eq!(format!("{fault:?}"), "Exception 0xe (0x6)");
        assert_eq!(format!("{:?}", Event::NONE), "none");
        assert_eq!(Event::interrupt(3).error_code(), None);
        assert!(Event::interrupt(3).is_interrupt());
        assert!(!fault.is_interrupt() && !Event::NONE.is_interrupt());
    }

    #[test]
    fn going_on_drops_what_only_exits_have() {
        // "NMI unblocking due to IRET", an error code that is not one.
        assert_eq!(Event(0x5_8000_1031).again(), Event::interrupt(0x31));
        assert_eq!(Event(0x31).again(), Event::NONE);
    }

    proptest! {
        #[test]
        fn going_on_keeps_the_event(word: u64) {
            let (event, again) = (Event(word), Event(word).again());
            prop_assert_eq!(again.is_some(), event.is_some());
            prop_assert_eq!(again.error_code(), event.error_code());
            if event.is_some() {
                prop_assert_eq!((again.kind(), again.vector()), (event.kind(), event.vector()));
            }
            prop_assert_eq!(again.0 & 0x7fff_f000, 0, "reserved");
        }
    }
}
