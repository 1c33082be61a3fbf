// SPDX-License-Identifier: BSD-2-Clause
//! How many small datagrams get through.
//!
//! Some of them ask for an answer, which says how many have come since the last. So many are on
//! their way that nobody has to wait for an answer, and so few that no queue overflows.

use core::time::Duration;

use smoltcp::socket::udp;
use smoltcp::wire::IpEndpoint;

use crate::{Moment, Report};

/// Bytes of a datagram: its number, whether it asks for an answer, and filling.
pub const BYTES: usize = 64;
/// Where a datagram says whether it asks.
const ASKS: usize = 8;
/// Bytes of an answer: the number of the datagram that asked, and how many have come.
const ANSWER: usize = 16;
/// Every so many datagrams one asks.
const STEP: u64 = 32;
/// So many are on their way at most.
const WINDOW: u64 = 2 * STEP;
/// What is not answered for in this time is lost.
const LOST: Duration = Duration::from_secs(1);

/// The side that receives.
#[derive(Debug, Default)]
pub struct Sink {
    come: u64,
}

impl Sink {
    /// Counts a datagram. The answer, if it asks for one.
    pub fn take(&mut self, datagram: &[u8]) -> Option<[u8; ANSWER]> {
        self.come = self.come.wrapping_add(1);
        let number = datagram.first_chunk::<ASKS>()?;
        if datagram.get(ASKS) != Some(&1) {
            return None;
        }
        let mut answer = [0; ANSWER];
        answer[..ASKS].copy_from_slice(number);
        answer[ASKS..].copy_from_slice(&core::mem::take(&mut self.come).to_le_bytes());
        Some(answer)
    }
}

/// The side that sends.
#[derive(Debug)]
pub struct Flood {
    to: IpEndpoint,
    count: u64,
    /// The number of the first: answers to an earlier flood do not count.
    base: u64,
    sent: u64,
    /// So many are no longer on their way.
    settled: u64,
    arrived: u64,
    started: Moment,
    progress: Moment,
}

impl Flood {
    /// `count` datagrams.
    pub fn new(to: IpEndpoint, count: u64, now: Moment) -> Self {
        Self {
            to,
            count,
            base: now.cycles,
            sent: 0,
            settled: 0,
            arrived: 0,
            started: now,
            progress: now,
        }
    }

    fn may_send(&self) -> bool {
        self.sent < self.count && self.sent - self.settled < WINDOW
    }

    /// When a pass is due without a packet: at once, if the socket had no room.
    pub fn next(&self) -> Duration {
        if self.may_send() {
            Duration::ZERO
        } else {
            self.progress.time.saturating_add(LOST)
        }
    }

    /// Goes on; the result when it has ended.
    pub fn poll(&mut self, socket: &mut udp::Socket<'_>, now: Moment) -> Option<Report> {
        while let Ok((data, from)) = socket.recv() {
            let (Some(number), Some(come)) = (word(data, 0), word(data, 1)) else {
                continue;
            };
            let index = number.wrapping_sub(self.base);
            if from.endpoint == self.to && index < self.sent && index >= self.settled {
                self.settled = index + 1;
                self.arrived = self.arrived.saturating_add(come).min(self.settled);
                self.progress = now;
            }
        }
        if now.since(self.progress).time >= LOST {
            if self.arrived == 0 {
                return Some(Report::Unreachable(self.to));
            }
            self.settled = self.sent;
            self.progress = now;
        }
        if self.settled == self.count {
            let (to, count, arrived) = (self.to, self.count, self.arrived);
            let took = now.since(self.started);
            return Some(Report::Flooded(to, count, arrived, took));
        }
        while self.may_send() && socket.can_send() {
            let last = self.sent + 1 == self.count;
            let mut data = [0x5a; BYTES];
            data[..ASKS].copy_from_slice(&self.base.wrapping_add(self.sent).to_le_bytes());
            data[ASKS] = u8::from(last || self.sent % STEP == STEP - 1);
            if socket.send_slice(&data, self.to).is_err() {
                break;
            }
            self.sent += 1;
        }
        None
    }
}

fn word(data: &[u8], index: usize) -> Option<u64> {
    let bytes = data.as_chunks().0.get(index)?;
    Some(u64::from_le_bytes(*bytes))
}
