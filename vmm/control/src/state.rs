// SPDX-License-Identifier: BSD-2-Clause
//! What a guest is, and what its VMM is doing.

use core::fmt;

/// Is there a guest that lives?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u64)]
pub enum State {
    /// It was not started yet, or its VMM has not come so far.
    #[default]
    NotStarted = 0,
    /// It lives: it runs, or waits for an interrupt.
    Running = 1,
    /// It was stopped by a command.
    Stopped = 2,
    /// It ended; the [`End`](crate::End) says how.
    Ended = 3,
}

impl State {
    /// The state with this number.
    pub const fn from_number(number: u64) -> Option<Self> {
        match number {
            0 => Some(Self::NotStarted),
            1 => Some(Self::Running),
            2 => Some(Self::Stopped),
            3 => Some(Self::Ended),
            _ => None,
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotStarted => "not started",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Ended => "ended",
        })
    }
}

/// Where the time of a guest goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u64)]
pub enum Phase {
    /// Nowhere: it does not live.
    #[default]
    None = 0,
    /// The guest executes.
    Guest = 1,
    /// Its VMM works for it.
    Vmm = 2,
    /// It waits for an interrupt; the processor is others'.
    Idle = 3,
}

impl Phase {
    /// In the two low bits of the word.
    pub(crate) const fn of_word(word: u64) -> Self {
        match word & 3 {
            1 => Self::Guest,
            2 => Self::Vmm,
            3 => Self::Idle,
            _ => Self::None,
        }
    }
}
