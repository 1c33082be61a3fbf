// SPDX-License-Identifier: BSD-2-Clause
//! What can be typed on the console.

use smoltcp::wire::{IpAddress, IpEndpoint, Ipv4Address};

/// The port of an echo.
pub const ECHO: u16 = 7;
/// The port of a drain.
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
        with: IpEndpoint,
        /// How many.
        count: usize,
        /// Bytes of data.
        bytes: usize,
    },
    /// The same over ICMP.
    Ping {
        /// With whom; the port is 0.
        with: IpEndpoint,
        /// How many.
        count: usize,
        /// Bytes with the header of ICMP.
        bytes: usize,
    },
    /// Measure how many datagrams of 64 bytes somebody's drain gets.
    Flood {
        /// Whose.
        to: IpEndpoint,
        /// How many are sent.
        count: usize,
    },
    /// Send over TCP.
    Send {
        /// Where to.
        to: IpEndpoint,
        /// How many bytes.
        bytes: u64,
    },
    /// Have the virtual function reset.
    Reset,
    /// Give the virtual function back, and claim it again.
    Cycle,
    /// Have the virtual function reach for an address that it was not granted.
    Overstep {
        /// To write what it receives next there; else to send from there.
        write: bool,
        /// The address.
        address: u64,
    },
    /// Something else.
    Unknown,
}

/// What there is to type.
pub const HELP: &str = "help | status | echo ADDRESS[:PORT] COUNT [BYTES] | \
     ping ADDRESS COUNT [BYTES] | flood ADDRESS[:PORT] COUNT | send ADDRESS[:PORT] MIB | reset | cycle | \
     overstep read|write 0xADDRESS";

/// The most bytes of a message.
pub const MAX_BYTES: usize = 1400;
const MAX_COUNT: usize = 100_000;
/// A number, with the header of ICMP.
const MIN_BYTES: usize = 16;
const DEFAULT_BYTES: usize = 64;
const MAX_MIB: u64 = 1 << 20;

impl Command {
    /// What a line means.
    pub fn parse(line: &str) -> Self {
        let mut words = line.split_ascii_whitespace();
        let command =
            match words.next() {
                None => Some(Self::Nothing),
                Some("help") => Some(Self::Help),
                Some("status") => Some(Self::Status),
                Some("reset") => Some(Self::Reset),
                Some("cycle") => Some(Self::Cycle),
                Some("overstep") => Self::overstep(&mut words),
                Some("echo") => round_trips(&mut words, ECHO)
                    .map(|(with, count, bytes)| Self::Echo { with, count, bytes }),
                Some("ping") => round_trips(&mut words, 0).map(|(with, count, bytes)| Self::Ping {
                    with,
                    count,
                    bytes,
                }),
                Some("flood") => Self::flood(&mut words),
                Some("send") => Self::send(&mut words),
                Some(_) => None,
            };
        command
            .filter(|_| words.next().is_none())
            .unwrap_or(Self::Unknown)
    }

    fn overstep<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let write = match words.next()? {
            "read" => false,
            "write" => true,
            _ => return None,
        };
        let address = hexadecimal(words.next()?)?;
        Some(Self::Overstep { write, address })
    }

    fn flood<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let to = endpoint(words.next()?, DRAIN)?;
        let count = number(words.next()?)?;
        Some(Self::Flood { to, count })
    }

    fn send<'a>(words: &mut impl Iterator<Item = &'a str>) -> Option<Self> {
        let to = endpoint(words.next()?, DRAIN)?;
        let bytes = mebibytes(words.next()?)?;
        Some(Self::Send { to, bytes })
    }
}

fn round_trips<'a>(
    words: &mut impl Iterator<Item = &'a str>,
    port: u16,
) -> Option<(IpEndpoint, usize, usize)> {
    let with = endpoint(words.next()?, port)?;
    let count = number(words.next()?)?;
    let bytes = match words.next() {
        Some(word) => word.parse().ok()?,
        None => DEFAULT_BYTES,
    };
    let sensible = (MIN_BYTES..=MAX_BYTES).contains(&bytes);
    sensible.then_some((with, count, bytes))
}

fn number(word: &str) -> Option<usize> {
    let count = word.parse().ok()?;
    (1..=MAX_COUNT).contains(&count).then_some(count)
}

fn mebibytes(word: &str) -> Option<u64> {
    let mib: u64 = word.parse().ok()?;
    (1..=MAX_MIB).contains(&mib).then_some(mib << 20)
}

fn nonzero(word: &str) -> Option<u16> {
    word.parse().ok().filter(|port| *port != 0)
}

fn hexadecimal(word: &str) -> Option<u64> {
    u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()
}

/// An address, with a port if it is not the usual one.
fn endpoint(word: &str, port: u16) -> Option<IpEndpoint> {
    let (address, port) = match word.split_once(':') {
        // What has no ports takes none.
        Some((address, other)) if port != 0 => (address, nonzero(other)?),
        _ => (word, port),
    };
    let address: Ipv4Address = address.parse().ok()?;
    (!address.is_unspecified()).then_some(IpEndpoint::new(IpAddress::Ipv4(address), port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_understood_or_unknown() {
        let at = |port| IpEndpoint::new(IpAddress::v4(10, 99, 0, 2), port);
        let echo = |port, count, bytes| Command::Echo {
            with: at(port),
            count,
            bytes,
        };
        let send = |port, bytes| Command::Send {
            to: at(port),
            bytes,
        };
        for (line, command) in [
            ("", Command::Nothing),
            ("  ", Command::Nothing),
            ("help", Command::Help),
            (" status ", Command::Status),
            ("reset", Command::Reset),
            ("cycle", Command::Cycle),
            (
                "overstep read 0xdead000",
                Command::Overstep {
                    write: false,
                    address: 0xdea_d000,
                },
            ),
            (
                "overstep write 0x0",
                Command::Overstep {
                    write: true,
                    address: 0,
                },
            ),
            ("overstep 0xdead000", Command::Unknown),
            ("overstep", Command::Unknown),
            ("overstep read 1000", Command::Unknown),
            ("overstep read 0x10000000000000000", Command::Unknown),
            ("echo 10.99.0.2 1000", echo(7, 1000, 64)),
            ("echo 10.99.0.2 1 1400", echo(7, 1, 1400)),
            ("echo 10.99.0.2:5007 2", echo(5007, 2, 64)),
            (
                "ping 10.99.0.2 3 64",
                Command::Ping {
                    with: at(0),
                    count: 3,
                    bytes: 64,
                },
            ),
            (
                "flood 10.99.0.2 1000",
                Command::Flood {
                    to: at(9),
                    count: 1000,
                },
            ),
            ("send 10.99.0.2 64", send(9, 64 << 20)),
            ("send 10.99.0.2:5001 1", send(5001, 1 << 20)),
            ("help me", Command::Unknown),
            ("echo", Command::Unknown),
            ("echo 10.99.0.256 1", Command::Unknown),
            ("echo 0.0.0.0 1", Command::Unknown),
            ("echo 10.99.0.2: 1", Command::Unknown),
            ("echo 10.99.0.2 0", Command::Unknown),
            ("echo 10.99.0.2 100001", Command::Unknown),
            ("echo 10.99.0.2 1 15", Command::Unknown),
            ("echo 10.99.0.2 1 1401", Command::Unknown),
            ("echo 10.99.0.2 1 64 64", Command::Unknown),
            ("flood 10.99.0.2", Command::Unknown),
            ("flood 10.99.0.2 100001", Command::Unknown),
            ("send 10.99.0.2:0 1", Command::Unknown),
            ("ping 10.99.0.2:7 1", Command::Unknown),
            ("send 10.99.0.2:65536 1", Command::Unknown),
            ("send 10.99.0.2 0", Command::Unknown),
            ("send 10.99.0.2 18446744073709551615", Command::Unknown),
            ("frobnicate", Command::Unknown),
        ] {
            assert_eq!(Command::parse(line), command, "{line}");
        }
    }
}
