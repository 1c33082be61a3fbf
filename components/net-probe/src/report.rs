// SPDX-License-Identifier: BSD-2-Clause
//! What is said on the console. Tests match these lines.

use core::fmt;
use core::time::Duration;

use igbvf::{Failure, Mac};
use smoltcp::wire::{IpEndpoint, Ipv4Address, Ipv4Cidr};

use crate::Moment;
use crate::measure::FLOOD_BYTES as BYTES;

/// Who is pinged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The way out, as DHCP tells it.
    Gateway,
    /// The neighbour on the card.
    Peer,
}

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// The virtual function works, and has this address. The second is the fixed one.
    Ready(Mac, Ipv4Cidr),
    /// The link went up or down.
    Link(bool),
    /// The virtual function cannot be used, or no longer; it is started again.
    Failed(Failure),
    /// DHCP gave an address.
    Address(Ipv4Cidr),
    /// DHCP's address is no longer ours.
    AddressLost,
    /// The first answer to a ping, after this time; or the first after a silence.
    Answers(Target, Ipv4Address, Duration),
    /// No answer for a while.
    Silent(Target, Ipv4Address),
    /// A connection to the echo ended, that so many bytes came through.
    Echoed(u64),
    /// A connection to the drain ended, that so many bytes came through, and how long it took.
    Drained(u64, Moment),
    /// Round trips were measured.
    RoundTrips {
        /// With whom.
        with: IpEndpoint,
        /// Bytes of data in each direction.
        bytes: usize,
        /// How many came back.
        count: usize,
        /// How many did not.
        lost: usize,
        /// Nanoseconds of the fastest.
        minimum: u64,
        /// Nanoseconds of the one in the middle.
        median: u64,
        /// All of them together.
        took: Moment,
    },
    /// So many datagrams were sent, so many of them have come, in this time.
    Flooded(IpEndpoint, u64, u64, Moment),
    /// So many bytes were sent over TCP, and acknowledged.
    Sent(IpEndpoint, u64, Moment),
    /// A measurement ended without result.
    Unreachable(IpEndpoint),
    /// A measurement is under way already.
    Busy,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "gateway",
            Self::Peer => "peer",
        })
    }
}

/// Milliseconds, with microseconds behind the point.
struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let microseconds = self.0.as_micros();
        write!(f, "{}.{:03} ms", microseconds / 1000, microseconds % 1000)
    }
}

/// Who was measured with; pings have no port.
struct Whom(IpEndpoint);

impl fmt::Display for Whom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.port {
            0 => self.0.addr.fmt(f),
            _ => self.0.fmt(f),
        }
    }
}

/// So many in a time, for each second; 0 if it took no time.
fn per_second(count: u64, time: Duration) -> u128 {
    (u128::from(count) * 1_000_000_000)
        .checked_div(time.as_nanos())
        .unwrap_or_default()
}

/// Bytes in a time, as kilobytes per second.
fn rate(bytes: u64, time: Duration) -> u128 {
    per_second(bytes, time) / 1000
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Ready(mac, address) => {
                write!(
                    f,
                    "ready with {mac}, {address} for the neighbour on the card"
                )
            }
            Self::Link(true) => f.write_str("link up"),
            Self::Link(false) => f.write_str("link down"),
            Self::Failed(failure) => write!(f, "{failure}; starting again"),
            Self::Address(address) => write!(f, "address {address} by DHCP"),
            Self::AddressLost => f.write_str("the address by DHCP is lost"),
            Self::Answers(target, address, time) => {
                write!(f, "{target} {address} answers ({})", Milliseconds(time))
            }
            Self::Silent(target, address) => write!(f, "{target} {address} does not answer"),
            Self::Echoed(bytes) => write!(f, "echo: {bytes} bytes on port 7"),
            Self::Drained(bytes, took) => write!(
                f,
                "drain: {bytes} bytes on port 9 in {}, {} kB/s",
                Milliseconds(took.time),
                rate(bytes, took.time)
            ),
            Self::RoundTrips {
                with,
                bytes,
                count,
                lost,
                minimum,
                median,
                took,
            } => write!(
                f,
                "round trips with {}: {count} of {bytes} bytes, {lost} lost, \
                 minimum {minimum} ns, median {median} ns, in {}",
                Whom(with),
                Milliseconds(took.time)
            ),
            Self::Flooded(to, count, arrived, took) => write!(
                f,
                "flooded {to}: {arrived} of {count} datagrams of {BYTES} bytes in {}, {} per second",
                Milliseconds(took.time),
                per_second(arrived, took.time)
            ),
            Self::Sent(to, bytes, took) => write!(
                f,
                "sent to {to}: {bytes} bytes in {}, {} kB/s, {} cycles",
                Milliseconds(took.time),
                rate(bytes, took.time),
                took.cycles
            ),
            Self::Unreachable(whom) => {
                write!(f, "no measurement: {} does not answer", Whom(whom))
            }
            Self::Busy => f.write_str("a measurement is under way"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn lines_are_as_tests_expect_them() {
        let gateway = Ipv4Address::new(10, 0, 2, 2);
        let took = Moment {
            time: Duration::from_micros(2_048_001),
            cycles: 5,
        };
        for (report, line) in [
            (
                Report::Address(Ipv4Cidr::new(Ipv4Address::new(10, 0, 2, 15), 24)),
                "address 10.0.2.15/24 by DHCP",
            ),
            (
                Report::Answers(Target::Gateway, gateway, Duration::from_nanos(1_234_567)),
                "gateway 10.0.2.2 answers (1.234 ms)",
            ),
            (
                Report::Silent(Target::Peer, gateway),
                "peer 10.0.2.2 does not answer",
            ),
            (Report::Echoed(1_048_576), "echo: 1048576 bytes on port 7"),
            (
                Report::Drained(2_048_001, took),
                "drain: 2048001 bytes on port 9 in 2048.001 ms, 1000 kB/s",
            ),
            (
                Report::Flooded((gateway, 9).into(), 3000, 2999, took),
                "flooded 10.0.2.2:9: 2999 of 3000 datagrams of 64 bytes in 2048.001 ms, \
                 1464 per second",
            ),
            (
                Report::Sent((gateway, 9).into(), 7, Moment::default()),
                "sent to 10.0.2.2:9: 7 bytes in 0.000 ms, 0 kB/s, 0 cycles",
            ),
            (
                Report::Failed(Failure::Silent),
                "the physical function does not answer in the mailbox; starting again",
            ),
        ] {
            assert_eq!(report.to_string(), line);
        }
    }
}
