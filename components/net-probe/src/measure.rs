// SPDX-License-Identifier: BSD-2-Clause
//! Measurements: round trips of UDP with somebody's echo, and how fast TCP sends.
//!
//! A round trip is from one pass in which a datagram is sent to the one in which its echo is found,
//! and the next is sent: what a program gets that asks again and again.

use core::time::Duration;

use alloc::vec::Vec;
use smoltcp::iface::{Context, SocketHandle, SocketSet};
use smoltcp::socket::{tcp, udp};
use smoltcp::wire::IpEndpoint;

use crate::services::{tcp_socket, udp_socket};
use crate::{Command, Moment, Report};

/// Our end of measurements over UDP.
const PORT: u16 = 50_007;
/// Our ends of measurements over TCP: another one each time, since an old one may be waited for.
const PORTS: core::ops::Range<u16> = 51_000..52_000;
/// An echo that does not come in this time is lost.
const LOST: Duration = Duration::from_secs(1);
/// So many of them in a row end a measurement.
const UNREACHABLE: usize = 5;
/// So many round trips are remembered, to find the median.
const REMEMBERED: usize = 8192;

#[derive(Debug)]
struct Echoes {
    with: IpEndpoint,
    count: usize,
    bytes: usize,
    sequence: u64,
    sent: Option<Moment>,
    started: Moment,
    lost: usize,
    lost_in_a_row: usize,
    cycles: Vec<u64>,
    done: usize,
}

#[derive(Debug)]
struct Sending {
    to: IpEndpoint,
    bytes: u64,
    queued: u64,
    started: Option<Moment>,
}

#[derive(Debug)]
enum Task {
    None,
    Echoes(Echoes),
    Sending(Sending),
}

/// The one measurement that is under way, if any.
#[derive(Debug)]
pub struct Measure {
    udp: SocketHandle,
    tcp: SocketHandle,
    port: u16,
    task: Task,
}

impl Measure {
    /// No measurement, with sockets among these.
    pub fn new(sockets: &mut SocketSet<'_>) -> Self {
        Self {
            udp: sockets.add(udp_socket(PORT)),
            tcp: sockets.add(tcp_socket()),
            port: PORTS.start,
            task: Task::None,
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
        if !matches!(command, Command::Echo { .. } | Command::Send { .. }) {
            return;
        }
        if !matches!(self.task, Task::None) {
            return say(Report::Busy);
        }
        match command {
            Command::Echo { with, count, bytes } => {
                self.task = Task::Echoes(Echoes {
                    with,
                    count,
                    bytes,
                    // Echoes of an earlier measurement do not count.
                    sequence: now.cycles,
                    sent: None,
                    started: now,
                    lost: 0,
                    lost_in_a_row: 0,
                    cycles: Vec::with_capacity(count.min(REMEMBERED)),
                    done: 0,
                });
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
                self.task = Task::Sending(Sending {
                    to,
                    bytes,
                    queued: 0,
                    started: None,
                });
            }
            _ => {}
        }
    }

    /// When it has something to do that no packet tells.
    pub fn next(&self) -> Option<Duration> {
        match &self.task {
            Task::Echoes(Echoes {
                sent: Some(sent), ..
            }) => Some(sent.time.saturating_add(LOST)),
            _ => None,
        }
    }

    /// Goes on with it.
    pub fn poll(&mut self, sockets: &mut SocketSet<'_>, now: Moment, say: &mut impl FnMut(Report)) {
        let ended = match &mut self.task {
            Task::None => return,
            Task::Echoes(echoes) => echoes.poll(sockets.get_mut(self.udp), now),
            Task::Sending(sending) => sending.poll(sockets.get_mut(self.tcp), now),
        };
        if let Some(report) = ended {
            self.task = Task::None;
            say(report);
        }
    }
}

impl Echoes {
    fn poll(&mut self, socket: &mut udp::Socket<'_>, now: Moment) -> Option<Report> {
        while let Ok((data, from)) = socket.recv() {
            let number = data.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
            let expected = number == Some(self.sequence)
                && data.len() == self.bytes
                && from.endpoint == self.with;
            if let Some(sent) = self.sent.filter(|_| expected) {
                self.sent = None;
                self.lost_in_a_row = 0;
                self.done += 1;
                if self.cycles.len() < REMEMBERED {
                    self.cycles.push(now.since(sent).cycles);
                }
            }
        }
        if let Some(sent) = self.sent {
            if now.time < sent.time.saturating_add(LOST) {
                return None;
            }
            self.sent = None;
            self.lost += 1;
            self.lost_in_a_row += 1;
        }
        if self.lost_in_a_row >= UNREACHABLE && self.done == 0 {
            return Some(Report::Unreachable(self.with));
        }
        if self.done + self.lost >= self.count {
            return Some(self.report(now));
        }
        self.sequence = self.sequence.wrapping_add(1);
        let sequence = self.sequence.to_le_bytes();
        if let Ok(data) = socket.send(self.bytes, self.with) {
            let (number, rest) = data.split_at_mut(sequence.len());
            number.copy_from_slice(&sequence);
            rest.fill(0x5a);
        }
        // A full buffer loses it, like the network might.
        self.sent = Some(now);
        None
    }

    fn report(&mut self, now: Moment) -> Report {
        self.cycles.sort_unstable();
        let cycles = &self.cycles;
        Report::RoundTrips {
            with: self.with,
            bytes: self.bytes,
            count: self.done,
            lost: self.lost,
            minimum: cycles.first().copied().unwrap_or_default(),
            median: cycles.get(cycles.len() / 2).copied().unwrap_or_default(),
            took: now.since(self.started),
        }
    }
}

impl Sending {
    fn poll(&mut self, socket: &mut tcp::Socket<'_>, now: Moment) -> Option<Report> {
        if !socket.is_open() {
            return Some(Report::Unreachable(self.to));
        }
        if !socket.may_send() {
            return None;
        }
        let started = *self.started.get_or_insert(now);
        while self.queued < self.bytes && socket.can_send() {
            let left = self.bytes - self.queued;
            let Ok(len @ 1..) = socket.send(|buffer| {
                let len = usize::try_from(left)
                    .unwrap_or(usize::MAX)
                    .min(buffer.len());
                buffer[..len].fill(0x5a);
                (len, len)
            }) else {
                break;
            };
            self.queued += len as u64;
        }
        // Nothing left means that all of it was acknowledged.
        if self.queued < self.bytes || socket.send_queue() > 0 {
            return None;
        }
        socket.close();
        Some(Report::Sent(self.to, self.bytes, now.since(started)))
    }
}
