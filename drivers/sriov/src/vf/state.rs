// SPDX-License-Identifier: BSD-2-Clause
//! The states of a virtual function.

use super::Action;

/// Who has a virtual function: a number that its caller gives meaning to, such as a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner(pub u16);

/// Why a virtual function is in quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It reached for memory that it was not granted.
    Dma,
    /// It raised an interrupt that it was not granted.
    Interrupt,
    /// It broke a rule of its physical function: a flood of messages, a spoofed address.
    Misbehaviour,
    /// This step of a reset or revocation failed.
    Failed(Action),
}

/// What a reset leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The same owner has it again.
    Regrant,
    /// Nobody has it.
    Free,
}

impl Goal {
    /// The number of the last step, counted from 0.
    pub(super) const LAST_STEP: u8 = 5;

    /// The steps differ in the last one only.
    pub(super) const fn action(self, step: u8, owner: Owner) -> Action {
        match (step, self) {
            (0, _) => Action::Stop,
            (1, _) => Action::Reset,
            (2, _) => Action::Drain,
            (3, _) => Action::InvalidateDma,
            (4, _) => Action::InvalidateInterrupts,
            (_, Self::Regrant) => Action::Grant(owner),
            (_, Self::Free) => Action::Free,
        }
    }
}

/// What a virtual function is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It does not exist.
    Absent,
    /// It exists and nobody has it: it reaches nothing.
    Configured,
    /// Somebody uses it.
    Granted {
        /// Who.
        owner: Owner,
    },
    /// It is blocked, and its owner has to say what becomes of it.
    Quarantined {
        /// Who has it.
        owner: Owner,
        /// Why it is blocked.
        reason: Reason,
    },
    /// It is being reset, step by step.
    Resetting {
        /// Who has it, until it is freed.
        owner: Owner,
        /// What comes after.
        goal: Goal,
        /// The step that is under way, counted from 0.
        step: u8,
    },
}

impl State {
    /// Who has it.
    pub const fn owner(self) -> Option<Owner> {
        match self {
            Self::Absent | Self::Configured => None,
            Self::Granted { owner }
            | Self::Quarantined { owner, .. }
            | Self::Resetting { owner, .. } => Some(owner),
        }
    }
}
