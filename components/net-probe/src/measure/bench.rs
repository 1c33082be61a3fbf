// SPDX-License-Identifier: BSD-2-Clause
//! A series of measurements whose results are lines for scripts: `figure NAME VALUE UNIT`.

use alloc::vec::Vec;
use smoltcp::wire::{IpAddress, IpEndpoint, Ipv4Address};

use crate::command::{DRAIN, ECHO};
use crate::{Command, Report};

/// How many streams are measured, after one that is not.
const STREAMS: usize = 5;
/// Round trips before those that count.
const WARM_UP: usize = 100;
/// Bytes of a message.
const BYTES: usize = 64;

/// What is done with a result.
#[derive(Clone, Copy, Debug)]
enum Use {
    /// It was for caches, and for addresses that are not known yet.
    WarmUp,
    /// It is one of the rates of streams.
    Rate,
    /// Its median is a figure.
    Median(&'static str),
}

/// What is left of a series.
#[derive(Debug)]
pub struct Bench {
    /// The last one is next.
    left: Vec<(Command, Use)>,
    current: Use,
    rates: Vec<u64>,
}

impl Bench {
    /// Streams of so many bytes to a neighbour, so many round trips with it, and with the gateway if
    /// there is one.
    pub fn new(peer: Ipv4Address, gateway: Option<Ipv4Address>, count: usize, bytes: u64) -> Self {
        let at = |port| IpEndpoint::new(IpAddress::Ipv4(peer), port);
        let send = Command::Send {
            to: at(DRAIN),
            bytes,
        };
        let echo = |count| Command::Echo {
            with: at(ECHO),
            count,
            bytes: BYTES,
        };
        let ping = |with, count| Command::Ping {
            with,
            count,
            bytes: BYTES,
        };
        let mut left = Vec::new();
        if let Some(gateway) = gateway {
            let with = IpEndpoint::new(IpAddress::Ipv4(gateway), ECHO);
            left.push((ping(with, count), Use::Median("vf-net-median")));
            left.push((ping(with, WARM_UP), Use::WarmUp));
        }
        left.push((echo(count), Use::Median("vf-vf-median")));
        left.push((echo(WARM_UP), Use::WarmUp));
        left.extend([(send, Use::Rate); STREAMS]);
        left.push((send, Use::WarmUp));
        Self {
            left,
            current: Use::WarmUp,
            rates: Vec::with_capacity(STREAMS),
        }
    }

    /// The next measurement.
    pub fn next(&mut self) -> Option<Command> {
        let (command, current) = self.left.pop()?;
        self.current = current;
        Some(command)
    }

    /// The figure that a result makes, if it makes one.
    pub fn take(&mut self, result: &Report) -> Option<Report> {
        match (self.current, *result) {
            (Use::Median(name), Report::RoundTrips { median, .. }) => {
                Some(Report::Figure(name, median.saturating_mul(1000), "ns"))
            }
            (Use::Rate, Report::Sent(_, bytes, took)) => {
                let rate = u128::from(bytes) * 1_000_000;
                let rate = rate.checked_div(took.time.as_nanos()).unwrap_or_default();
                self.rates.push(u64::try_from(rate).unwrap_or(u64::MAX));
                self.rates.sort_unstable();
                let median = self.rates.get(STREAMS / 2).copied();
                let complete = self.rates.len() == STREAMS;
                let figure = |median| Report::Figure("vf-vf-tcp-rate", median, "MB/s");
                median.filter(|_| complete).map(figure)
            }
            // Others are told as they are.
            (Use::WarmUp, Report::RoundTrips { .. } | Report::Sent(..)) => None,
            _ => Some(*result),
        }
    }
}
