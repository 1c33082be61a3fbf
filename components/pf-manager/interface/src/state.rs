// SPDX-License-Identifier: BSD-2-Clause
//! What a virtual function is at.

use core::fmt;

/// The states of a virtual function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum State {
    /// Its device is not started, or cannot be.
    Absent = 0,
    /// It is ready and nobody has it.
    Configured = 1,
    /// The client has it.
    Granted = 2,
    /// It is blocked until the client says what becomes of it.
    Quarantined = 3,
    /// It is being reset, and then granted again.
    Resetting = 4,
    /// It is being taken back.
    Revoking = 5,
}

impl State {
    /// The state with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Absent,
            1 => Self::Configured,
            2 => Self::Granted,
            3 => Self::Quarantined,
            4 => Self::Resetting,
            5 => Self::Revoking,
            _ => return None,
        })
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "absent",
            Self::Configured => "configured",
            Self::Granted => "granted",
            Self::Quarantined => "quarantined",
            Self::Resetting => "resetting",
            Self::Revoking => "revoking",
        })
    }
}

/// Why a virtual function is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// It is not.
    None = 0,
    /// It reached for memory that it was not granted.
    Dma = 1,
    /// It raised an interrupt that it was not granted.
    Interrupt = 2,
    /// It broke a rule of its physical function.
    Misbehaviour = 3,
    /// A step of its reset or revocation failed.
    Failed = 4,
}

impl Reason {
    /// The reason with this number.
    pub fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::None,
            1 => Self::Dma,
            2 => Self::Interrupt,
            3 => Self::Misbehaviour,
            4 => Self::Failed,
            _ => return None,
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no reason",
            Self::Dma => "it reached for memory that it was not granted",
            Self::Interrupt => "it raised an interrupt that it was not granted",
            Self::Misbehaviour => "it broke a rule of its physical function",
            Self::Failed => "a step of its reset or revocation failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_back() {
        for number in 0..=u8::MAX {
            assert_eq!(State::from_number(number).is_some(), number <= 5);
            assert!(State::from_number(number).is_none_or(|state| state as u8 == number));
            assert_eq!(Reason::from_number(number).is_some(), number <= 4);
            assert!(Reason::from_number(number).is_none_or(|reason| reason as u8 == number));
        }
    }
}
