// SPDX-License-Identifier: BSD-2-Clause
//! What can be typed on the console.

use smoltcp::wire::Ipv4Address;

/// The drain of a neighbour.
pub const DRAIN: u16 = 9;

/// A command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// An empty line.
    Nothing,
    /// List the commands.
    Help,
    /// Say what was counted.
    Status,
    /// Measure round trips of UDP with somebody's echo.
    Echo {
        /// Whose.
        address: Ipv4Address,
        /// How many.
        count: usize,
        /// Bytes of data.
        bytes: usize,
    },
    /// Send over TCP.
    Send {
        /// Where to.
        address: Ipv4Address,
        /// Port there.
        port: u16,
        /// How many bytes.
        bytes: u64,
    },
    /// Have the virtual function reset.
    Reset,
    /// Give the virtual function back, and claim it again.
    Cycle,
    /// Something else.
    Unknown,
}

/// What there is to type.
pub const HELP: &str =
    "help | status | echo ADDRESS COUNT [BYTES] | send ADDRESS[:PORT] MIB | reset | cycle";

const MAX_COUNT: usize = 100_000;
const BYTES: core::ops::RangeInclusive<usize> = 8..=1400;
const DEFAULT_BYTES: usize = 64;
const MAX_MIB: u64 = 1 << 20;

impl Command {
    /// What a line means.
    pub fn parse(line: &str) -> Self {
        let mut words = line.split_ascii_whitespace();
        let command = match words.next() {
            None => Some(Self::Nothing),
            Some("help") => Some(Self::Help),
            Some("status") => Some(Self::Status),
            Some("reset") => Some(Self::Reset),
            Some("cycle") => Some(Self::Cycle),
            Some("echo") => Self::echo(&mut words),
            Some("send") => Self::send(&mut words),
            Some(_) => None,
        };
        command
            .filter(|_| words.next().is_none())
            .unwrap_or(Self::Unknown)
    }

    fn echo<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let address = words.next()?.parse().ok()?;
        let count = words.next()?.parse().ok()?;
        let bytes = match words.next() {
            Some(word) => word.parse().ok()?,
            None => DEFAULT_BYTES,
        };
        let sensible = (1..=MAX_COUNT).contains(&count) && BYTES.contains(&bytes);
        sensible.then_some(Self::Echo {
            address,
            count,
            bytes,
        })
    }

    fn send<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let to = words.next()?;
        let (address, port) = match to.split_once(':') {
            Some((address, port)) => (address, port.parse().ok()?),
            None => (to, DRAIN),
        };
        let address = address.parse().ok()?;
        let mib: u64 = words.next()?.parse().ok()?;
        let sensible = (1..=MAX_MIB).contains(&mib) && port != 0;
        sensible.then_some(Self::Send {
            address,
            port,
            bytes: mib << 20,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_or_unknown() {
        let address = Ipv4Address::new(10, 99, 0, 2);
        let echo = |count, bytes| Command::Echo {
            address,
            count,
            bytes,
        };
        let send = |port, bytes| Command::Send {
            address,
            port,
            bytes,
        };
        for (line, command) in [
            ("", Command::Nothing),
            ("  ", Command::Nothing),
            ("help", Command::Help),
            (" status ", Command::Status),
            ("reset", Command::Reset),
            ("cycle", Command::Cycle),
            ("echo 10.99.0.2 1000", echo(1000, 64)),
            ("echo 10.99.0.2 1 1400", echo(1, 1400)),
            ("send 10.99.0.2 64", send(9, 64 << 20)),
            ("send 10.99.0.2:5001 1", send(5001, 1 << 20)),
            ("help me", Command::Unknown),
            ("echo", Command::Unknown),
            ("echo 10.99.0.256 1", Command::Unknown),
            ("echo 10.99.0.2 0", Command::Unknown),
            ("echo 10.99.0.2 100001", Command::Unknown),
            ("echo 10.99.0.2 1 7", Command::Unknown),
            ("echo 10.99.0.2 1 1401", Command::Unknown),
            ("echo 10.99.0.2 1 64 64", Command::Unknown),
            ("send 10.99.0.2:0 1", Command::Unknown),
            ("send 10.99.0.2:65536 1", Command::Unknown),
            ("send 10.99.0.2 0", Command::Unknown),
            ("send 10.99.0.2 18446744073709551615", Command::Unknown),
            ("frobnicate", Command::Unknown),
        ] {
            assert_eq!(Command::parse(line), command, "{line}");
        }
    }
}
