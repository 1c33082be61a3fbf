// SPDX-License-Identifier: BSD-2-Clause
//! Commands, and the word that carries one.
//!
//! The word has the command in its low byte and a number above. The console raises the number with
//! each command, and gives none while the one before was not obeyed, so none is lost. The VMM
//! writes the word back when it has obeyed, so none is obeyed twice. A VMM that is started anew in
//! between obeys again: that is harmless, since every guest starts anew with its VMM.

use core::fmt;

/// What the console can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Command {
    /// Start the guest, if it does not live.
    Start = 1,
    /// Stop the guest, if it lives. Its state is lost.
    Stop = 2,
    /// Start the guest anew, whether it lives or not.
    Reset = 3,
}

impl Command {
    /// The command in a word, if it is one.
    pub(crate) const fn of_word(word: u64) -> Option<Self> {
        match word as u8 {
            1 => Some(Self::Start),
            2 => Some(Self::Stop),
            3 => Some(Self::Reset),
            _ => None,
        }
    }

    /// The word for this command that follows `last`.
    pub(crate) const fn word_after(self, last: u64) -> u64 {
        (last & !0xff).wrapping_add(0x100) | self as u64
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Reset => "reset",
        })
    }
}

/// The VMM has not obeyed this command yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy(pub Command);

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has not obeyed '{}' yet", self.0)
    }
}

impl core::error::Error for Busy {}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn no_two_commands_in_a_row_are_the_same_word() {
        let first = Command::Reset.word_after(0);
        let second = Command::Reset.word_after(first);
        assert_ne!(first, second);
        assert_eq!(Command::of_word(second), Some(Command::Reset));
        let around = Command::Stop.word_after(u64::MAX);
        assert_eq!(
            (Command::of_word(around), around >> 8),
            (Some(Command::Stop), 0)
        );
        for word in [0, 4, 0xff, 0x100] {
            assert_eq!(Command::of_word(word), None);
        }
    }

    #[test]
    fn texts() {
        assert_eq!(Busy(Command::Stop).to_string(), "has not obeyed 'stop' yet");
    }
}
