// SPDX-License-Identifier: BSD-2-Clause
//! Measurements, one at a time: round trips with somebody's echo, how many datagrams get through,
//! and how fast TCP sends.

mod flood;
mod round_trips;
mod sending;

use core::time::Duration;

use smoltcp::iface::{Context, SocketHandle, SocketSet};
use smoltcp::socket::{tcp, udp};

use self::flood::Flood;
pub use self::flood::{BYTES as FLOOD_BYTES, Sink};
use self::round_trips::{IDENT, Over, RoundTrips};
use self::sending::Sending;
use crate::command::MAX_BYTES;
use crate::services::{tcp_socket, udp_socket};
use crate::{Command, Moment, Report, icmp};

/// Our end of measurements over UDP.
const PORT: u16 = 50_007;
/// Our ends of measurements over TCP: another one each time, since an old one may be waited for.
const PORTS: core::ops::Range<u16> = 51_000..52_000;

#[derive(Debug)]
enum Task {
    RoundTrips(RoundTrips),
    Flood(Flood),
    Sending(Sending),
}

/// The one measurement that is under way, if any.
#[derive(Debug)]
pub struct Measure {
    udp: SocketHandle,
    icmp: SocketHandle,
    tcp: SocketHandle,
    port: u16,
    task: Option<Task>,
}

impl Measure {
    /// No measurement, with sockets among these.
    pub fn new(sockets: &mut SocketSet<'_>) -> Self {
        Self {
            udp: sockets.add(udp_socket(PORT)),
            icmp: sockets.add(icmp::socket(IDENT, MAX_BYTES)),
            tcp: sockets.add(tcp_socket()),
            port: PORTS.start,
            task: None,
        }
    }

    /// Begins the measurement of a command; other commands are nothing to it.
    pub fn begin(
        &mut self,
        command: Command,
        context: &mut Context,
        sockets: &mut SocketSet<'_>,
        now: Moment,
        say: &mut impl FnMut(Report),
    ) {
        if self.task.is_some() {
            return say(Report::Busy);
        }
        let trips = |over, with, count, bytes| {
            Some(Task::RoundTrips(RoundTrips::new(
                over, with, count, bytes, now,
            )))
        };
        match command {
            Command::Echo { with, count, bytes } => {
                self.task = trips(Over::Udp(self.udp), with, count, bytes);
            }
            Command::Ping { with, count, bytes } => {
                self.task = trips(Over::Icmp(self.icmp), with, count, bytes);
            }
            Command::Flood { to, count } => {
                self.task = Some(Task::Flood(Flood::new(to, count as u64, now)));
            }
            Command::Send { to, bytes } => {
                let socket = sockets.get_mut::<tcp::Socket>(self.tcp);
                socket.abort();
                self.port = if self.port + 1 < PORTS.end {
                    self.port + 1
                } else {
                    PORTS.start
                };
                if socket.connect(context, to, self.port).is_err() {
                    return say(Report::Unreachable(to));
                }
                self.task = Some(Task::Sending(Sending::new(to, bytes)));
            }
            _ => {}
        }
    }

    /// When it has something to do that no packet tells.
    pub fn next(&self) -> Option<Duration> {
        match &self.task {
            Some(Task::RoundTrips(trips)) => trips.next(),
            Some(Task::Flood(flood)) => Some(flood.next()),
            Some(Task::Sending(sending)) if sending.is_due() => Some(Duration::ZERO),
            _ => None,
        }
    }

    /// Goes on with it.
    pub fn poll(&mut self, sockets: &mut SocketSet<'_>, now: Moment, say: &mut impl FnMut(Report)) {
        let ended = match &mut self.task {
            Some(Task::RoundTrips(trips)) => trips.poll(sockets, now),
            Some(Task::Flood(flood)) => flood.poll(sockets.get_mut::<udp::Socket>(self.udp), now),
            Some(Task::Sending(sending)) => sending.poll(sockets.get_mut(self.tcp), now),
            None => None,
        };
        if let Some(report) = ended {
            self.task = None;
            say(report);
        }
    }
}
