// SPDX-License-Identifier: BSD-2-Clause
//! Sequences of commands, each a state machine without registers or memory: it gets the reply to
//! its last command and says what comes next.

mod isolate;
mod resources;
mod survey;

pub use isolate::{Grant, Isolate, MAX_GRANTS};
pub use resources::{Prepare, ReleasePrimary, TakeOffline, Wishes};
pub use survey::{MAX_SECONDARIES, Secondaries, Survey};

use crate::{Command, Completion, Data, Error, Result, Status};

/// The number of a controller in its subsystem.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControllerId(pub u16);

/// The number of a namespace in its subsystem; from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NamespaceId(pub u32);

/// The reply to a command.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The command's opcode.
    pub opcode: u8,
    /// How it ended.
    pub completion: Completion,
    /// The data page, as it was then.
    pub data: Data,
}

impl Reply {
    /// The reply of a command that had to succeed.
    ///
    /// # Errors
    ///
    /// [`Error::Failed`].
    pub fn succeeded(self) -> Result<Self> {
        match self.completion.status {
            Status::SUCCESS => Ok(self),
            status => Err(Error::Failed(self.opcode, status)),
        }
    }
}

/// What a task wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// This command carried out.
    Submit(Command),
    /// Nothing more: this is what came of it.
    Done(T),
}

/// A sequence of commands.
pub trait Task {
    /// What it leads to.
    type Output;

    /// The next step. `reply` is that to the command it asked for last; `None` at the beginning.
    ///
    /// # Errors
    ///
    /// If the sequence cannot go on.
    fn next(&mut self, reply: Option<Reply>) -> Result<Step<Self::Output>>;
}

#[cfg(test)]
mod tests;
