// SPDX-License-Identifier: BSD-2-Clause
//! How a guest can end.

use core::fmt;

/// How a guest ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It switched itself off (ACPI 6.5 §4.8.3.7).
    PowerOff,
    /// It reset itself (ACPI 6.5 §4.8.3.6).
    Reset,
    /// It wrote this to the debug-exit port.
    DebugExit(u32),
    /// It could not deliver an exception, near this instruction.
    TripleFault {
        /// Of the instruction.
        rip: u64,
    },
    /// It did what the VMM cannot do for it.
    CannotEmulate {
        /// Of the instruction.
        rip: u64,
    },
    /// The CPU refused to enter it, for this reason (SDM vol. 3C 28.8).
    EntryFailed {
        /// The exit reason, or the number of the VM-instruction error.
        reason: u32,
    },
    /// It executed with interrupts off for so long that it must be caught in a loop.
    Hang {
        /// Where it was found.
        rip: u64,
    },
    /// It halted with interrupts off, for ever.
    Halt {
        /// Behind the instruction.
        rip: u64,
    },
    /// There is nothing that could be started, or nothing to run it on.
    CannotStart,
}

impl End {
    /// Is this what the guest wanted, and not a failure?
    pub const fn is_wanted(self) -> bool {
        matches!(self, Self::PowerOff | Self::Reset | Self::DebugExit(_))
    }

    pub(crate) const fn to_words(self) -> [u64; 2] {
        match self {
            Self::PowerOff => [1, 0],
            Self::Reset => [2, 0],
            Self::DebugExit(value) => [3, value as u64],
            Self::TripleFault { rip } => [4, rip],
            Self::CannotEmulate { rip } => [5, rip],
            Self::EntryFailed { reason } => [6, reason as u64],
            Self::Hang { rip } => [7, rip],
            Self::Halt { rip } => [8, rip],
            Self::CannotStart => [9, 0],
        }
    }

    pub(crate) const fn from_words([code, detail]: [u64; 2]) -> Option<Self> {
        Some(match code {
            1 => Self::PowerOff,
            2 => Self::Reset,
            3 => Self::DebugExit(detail as u32),
            4 => Self::TripleFault { rip: detail },
            5 => Self::CannotEmulate { rip: detail },
            6 => Self::EntryFailed {
                reason: detail as u32,
            },
            7 => Self::Hang { rip: detail },
            8 => Self::Halt { rip: detail },
            9 => Self::CannotStart,
            _ => return None,
        })
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerOff => f.write_str("powered off"),
            Self::Reset => f.write_str("reset itself"),
            Self::DebugExit(value) => write!(f, "left by the debug exit with {value:#x}"),
            Self::TripleFault { rip } => write!(f, "triple-faulted at {rip:#x}"),
            Self::CannotEmulate { rip } => write!(f, "did what cannot be emulated at {rip:#x}"),
            Self::EntryFailed { reason } => write!(f, "cannot be entered: reason {reason:#x}"),
            Self::Hang { rip } => write!(f, "hangs with interrupts off at {rip:#x}"),
            Self::Halt { rip } => write!(f, "halted with interrupts off at {rip:#x}"),
            Self::CannotStart => f.write_str("cannot be started"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn words_and_back() {
        for end in [
            End::PowerOff,
            End::Reset,
            End::DebugExit(u32::MAX),
            End::TripleFault { rip: 1 << 63 },
            End::CannotEmulate { rip: 1 },
            End::EntryFailed { reason: 1 << 31 },
            End::Hang { rip: 2 },
            End::Halt { rip: 3 },
            End::CannotStart,
        ] {
            assert_eq!(End::from_words(end.to_words()), Some(end));
        }
        for code in [0, 10, u64::MAX] {
            assert_eq!(End::from_words([code, 0]), None);
        }
    }

    #[test]
    fn texts() {
        assert_eq!(
            End::Hang { rip: 0x1234 }.to_string(),
            "hangs with interrupts off at 0x1234"
        );
        assert_eq!(
            End::DebugExit(0x21).to_string(),
            "left by the debug exit with 0x21"
        );
    }
}
