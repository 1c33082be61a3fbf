// SPDX-License-Identifier: BSD-2-Clause
//! Round trips with somebody's echo.
//!
//! A round trip is from one pass in which a request is sent to the one in which its echo is found,
//! and the next is sent: what a program gets that asks again and again.

use core::time::Duration;

use alloc::vec::Vec;
use smoltcp::iface::{SocketHandle, SocketSet};
use smoltcp::socket::{icmp as socket, udp};
use smoltcp::wire::IpEndpoint;

use crate::command::MAX_BYTES;
use crate::{Moment, Report, icmp};

/// An echo that does not come in this time is lost.
const LOST: Duration = Duration::from_secs(1);
/// So many of them at the beginning end a measurement.
const UNREACHABLE: usize = 5;
/// So many round trips are remembered, to find the median.
const REMEMBERED: usize = 8192;
/// What marks requests over ICMP.
pub const IDENT: u16 = 0x7270;

/// What the requests are.
#[derive(Clone, Copy, Debug)]
pub enum Over {
    /// Datagrams from this socket.
    Udp(SocketHandle),
    /// Pings from this socket.
    Icmp(SocketHandle),
}

/// Round trips under way.
#[derive(Debug)]
pub struct RoundTrips {
    over: Over,
    with: IpEndpoint,
    count: usize,
    bytes: usize,
    sequence: u64,
    sent: Option<Moment>,
    started: Moment,
    lost: usize,
    nanoseconds: Vec<u64>,
    done: usize,
}

impl RoundTrips {
    /// `count` of them, with `bytes` of data (at least 8, and for ICMP with its header).
    pub fn new(over: Over, with: IpEndpoint, count: usize, bytes: usize, now: Moment) -> Self {
        Self {
            over,
            with,
            count,
            bytes,
            // Echoes of an earlier measurement do not count.
            sequence: now.cycles,
            sent: None,
            started: now,
            lost: 0,
            nanoseconds: Vec::with_capacity(count.min(REMEMBERED)),
            done: 0,
        }
    }

    /// When the present request is lost.
    pub fn next(&self) -> Option<Duration> {
        self.sent.map(|sent| sent.time.saturating_add(LOST))
    }

    /// Goes on; the result when it has ended.
    pub fn poll(&mut self, sockets: &mut SocketSet<'_>, now: Moment) -> Option<Report> {
        while let Some(came) = self.receive(sockets) {
            if let Some(sent) = self.sent.filter(|_| came) {
                self.sent = None;
                self.done += 1;
                if self.nanoseconds.len() < REMEMBERED {
                    let took = now.since(sent).time.as_nanos();
                    self.nanoseconds
                        .push(u64::try_from(took).unwrap_or(u64::MAX));
                }
            }
        }
        if self.next().is_some_and(|end| now.time < end) {
            return None;
        }
        self.lost += usize::from(self.sent.take().is_some());
        if self.lost >= UNREACHABLE && self.done == 0 {
            return Some(Report::Unreachable(self.with));
        }
        if self.done + self.lost >= self.count {
            return Some(self.report(now));
        }
        self.sequence = self.sequence.wrapping_add(1);
        // One that finds no room is lost, as on the network.
        self.send(sockets);
        self.sent = Some(now);
        None
    }

    /// Whether the next message is the echo that is waited for; `None` if there is no message.
    fn receive(&self, sockets: &mut SocketSet<'_>) -> Option<bool> {
        Some(match self.over {
            Over::Udp(handle) => {
                let (data, from) = sockets.get_mut::<udp::Socket>(handle).recv().ok()?;
                self.is_echo(data, self.bytes) && from.endpoint == self.with
            }
            Over::Icmp(handle) => {
                let (packet, from) = sockets.get_mut::<socket::Socket>(handle).recv().ok()?;
                let expected = |(_, data)| self.is_echo(data, self.bytes - 8);
                icmp::reply(packet).is_some_and(expected) && from == self.with.addr
            }
        })
    }

    fn is_echo(&self, data: &[u8], bytes: usize) -> bool {
        let number = data.first_chunk().map(|number| u64::from_le_bytes(*number));
        number == Some(self.sequence) && data.len() == bytes
    }

    fn send(&self, sockets: &mut SocketSet<'_>) {
        let mut data = [0x5a; MAX_BYTES];
        data[..8].copy_from_slice(&self.sequence.to_le_bytes());
        match self.over {
            Over::Udp(handle) => {
                let socket = sockets.get_mut::<udp::Socket>(handle);
                let _ = socket.send_slice(&data[..self.bytes], self.with);
            }
            Over::Icmp(handle) => {
                let (socket, number) = (sockets.get_mut(handle), self.sequence as u16);
                icmp::request(
                    socket,
                    self.with.addr,
                    IDENT,
                    number,
                    &data[..self.bytes - 8],
                );
            }
        }
    }

    fn report(&mut self, now: Moment) -> Report {
        self.nanoseconds.sort_unstable();
        let sorted = &self.nanoseconds;
        Report::RoundTrips {
            with: self.with,
            bytes: self.bytes,
            count: self.done,
            lost: self.lost,
            minimum: sorted.first().copied().unwrap_or_default(),
            median: sorted.get(sorted.len() / 2).copied().unwrap_or_default(),
            took: now.since(self.started),
        }
    }
}
