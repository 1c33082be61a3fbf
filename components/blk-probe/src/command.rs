// SPDX-License-Identifier: BSD-2-Clause
//! What can be typed.

use nvme_io::Direction;

use crate::reads::MAX_READS;

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
    /// So many reads of 4 KiB, one after the other, and how long they take.
    Read(usize),
    /// The function is to be reset, and then used again.
    Reset,
    /// The function is to be given back, and claimed again.
    Cycle,
    /// The function is to read or write memory at an address that it was not granted. To read
    /// memory it has to write a block, and the other way round.
    Overstep(Direction, u64),
    /// Anything else.
    Unknown,
}

impl Command {
    /// All of them.
    pub const HELP: &str = "help | again | loop | stop | read COUNT | reset | cycle | \
         overstep read 0xADDRESS | overstep write 0xADDRESS";

    /// From a line.
    pub fn parse(line: &str) -> Self {
        let mut words = line.split_ascii_whitespace();
        let command = match words.next() {
            None => Some(Self::Nothing),
            Some("help") => Some(Self::Help),
            Some("again") => Some(Self::Again),
            Some("loop") => Some(Self::Loop),
            Some("stop") => Some(Self::Stop),
            Some("read") => Self::read(&mut words),
            Some("reset") => Some(Self::Reset),
            Some("cycle") => Some(Self::Cycle),
            Some("overstep") => Self::overstep(&mut words),
            Some(_) => None,
        };
        command
            .filter(|_| words.next().is_none())
            .unwrap_or(Self::Unknown)
    }

    fn read<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let count = words.next()?.parse().ok()?;
        (1..=MAX_READS)
            .contains(&count)
            .then_some(Self::Read(count))
    }

    fn overstep<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let direction = match words.next()? {
            "read" => Direction::Write,
            "write" => Direction::Read,
            _ => return None,
        };
        let digits = words.next()?.strip_prefix("0x")?;
        let address = u64::from_str_radix(digits, 16).ok()?;
        Some(Self::Overstep(direction, address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_of_the_list_is_one() {
        for command in Command::HELP.split(" | ") {
            let line = command.replace("ADDRESS", "1000").replace("COUNT", "1000");
            assert_ne!(Command::parse(&line), Command::Unknown, "{line}");
        }
    }

    #[test]
    fn lines_are_understood_whole_or_not_at_all() {
        for (line, command) in [
            ("", Command::Nothing),
            (" again ", Command::Again),
            ("agains", Command::Unknown),
            ("again again", Command::Unknown),
            (
                "overstep read 0xdead000",
                Command::Overstep(Direction::Write, 0x0dea_d000),
            ),
            (
                "overstep write 0xf",
                Command::Overstep(Direction::Read, 0xf),
            ),
            ("read  7", Command::Read(7)),
            ("read", Command::Unknown),
            ("read 0", Command::Unknown),
            ("read 1001", Command::Unknown),
            ("read 1 1", Command::Unknown),
            ("overstep", Command::Unknown),
            ("overstep read", Command::Unknown),
            ("overstep erase 0x1000", Command::Unknown),
            ("overstep read 1000", Command::Unknown),
            ("overstep read 0x10000000000000000", Command::Unknown),
            ("overstep read 0x1 0x2", Command::Unknown),
        ] {
            assert_eq!(Command::parse(line), command, "{line}");
        }
    }
}
