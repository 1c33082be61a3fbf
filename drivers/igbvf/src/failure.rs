// SPDX-License-Identifier: BSD-2-Clause
//! Why a virtual function cannot be used, or no longer.

use core::fmt;

/// What went wrong. Starting again may help, but for [`Failure::Memory`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Its registers read all ones: it is gone, or does not decode its memory.
    Absent,
    /// The memory that it shares with the driver is too small, or not aligned.
    Memory,
    /// The physical function does not say that its reset is over.
    ResetStuck,
    /// The physical function does not answer.
    Silent,
    /// The physical function refuses to let it start, or has no address for it.
    Refused,
    /// A queue does not switch on.
    QueueStuck,
    /// The physical function was reset, or forgot about it.
    Forgotten,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Absent => "the virtual function does not answer: is its memory decoded?",
            Self::Memory => "the memory shared with the virtual function is too small or unaligned",
            Self::ResetStuck => "the virtual function is held in reset by its physical function",
            Self::Silent => "the physical function does not answer in the mailbox",
            Self::Refused => {
                "the physical function has no address for the virtual function, or lets it not start"
            }
            Self::QueueStuck => "a queue of the virtual function does not switch on",
            Self::Forgotten => "the physical function was reset: the virtual function must start again",
        })
    }
}

impl core::error::Error for Failure {}
