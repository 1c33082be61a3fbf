// SPDX-License-Identifier: BSD-2-Clause
//! What can be typed.

/// A line of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// An empty line.
    Nothing,
    /// The list of commands.
    Help,
    /// One more round.
    Again,
    /// Round after round.
    Loop,
    /// No more rounds than the one under way.
    Stop,
    /// The function is to be reset, and then used again.
    Reset,
    /// Anything else.
    Unknown,
}

impl Command {
    /// All of them.
    pub const HELP: &str = "help | again | loop | stop | reset";

    /// From a line.
    pub fn parse(line: &str) -> Self {
        match line.trim() {
            "" => Self::Nothing,
            "help" => Self::Help,
            "again" => Self::Again,
            "loop" => Self::Loop,
            "stop" => Self::Stop,
            "reset" => Self::Reset,
            _ => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_list_is_one() {
        for word in Command::HELP.split(" | ") {
            assert_ne!(Command::parse(word), Command::Unknown, "{word}");
        }
        assert_eq!(Command::parse(" again "), Command::Again);
        assert_eq!(Command::parse("agains"), Command::Unknown);
    }
}
