// SPDX-License-Identifier: BSD-2-Clause
//! Why something cannot happen to a virtual function now.

use core::fmt;

use super::{Action, Owner};

/// The reason of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It does not exist.
    Absent,
    /// It exists already.
    Present,
    /// This owner has it.
    InUse(Owner),
    /// Nobody has it.
    NotGranted,
    /// This other owner has it.
    NotOwner(Owner),
    /// It is blocked already.
    Blocked,
    /// It is not in quarantine.
    NotBlocked,
    /// It is being reset or revoked.
    Busy,
    /// This could not be done.
    Failed(Action),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("the virtual function does not exist"),
            Self::Present => f.write_str("the virtual function exists already"),
            Self::InUse(owner) => write!(f, "the virtual function belongs to {}", owner.0),
            Self::NotGranted => f.write_str("nobody has the virtual function"),
            Self::NotOwner(owner) => write!(f, "the virtual function belongs to {}", owner.0),
            Self::Blocked => f.write_str("the virtual function is blocked already"),
            Self::NotBlocked => f.write_str("the virtual function is not in quarantine"),
            Self::Busy => f.write_str("the virtual function is being reset"),
            Self::Failed(action) => write!(f, "a step failed: {action:?}"),
        }
    }
}

impl core::error::Error for Refused {}
