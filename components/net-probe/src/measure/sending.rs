// SPDX-License-Identifier: BSD-2-Clause
//! How fast TCP sends.

use smoltcp::socket::tcp;
use smoltcp::wire::IpEndpoint;

use crate::{Moment, Report};

/// A connection that was just begun, and what is to go through it.
#[derive(Debug)]
pub struct Sending {
    to: IpEndpoint,
    bytes: u64,
    queued: u64,
    started: Option<Moment>,
    /// All of it was acknowledged, after this time; the connection is being closed.
    took: Option<Moment>,
    /// The other end has closed it too, and the stack has still to tell it that this was seen.
    closed: bool,
}

impl Sending {
    /// `bytes` to somebody to whom a socket is connecting.
    pub fn new(to: IpEndpoint, bytes: u64) -> Self {
        Self {
            to,
            bytes,
            queued: 0,
            started: None,
            took: None,
            closed: false,
        }
    }

    /// A pass is due without a packet.
    pub fn is_due(&self) -> bool {
        self.closed
    }

    /// Goes on; the result when it has ended.
    pub fn poll(&mut self, socket: &mut tcp::Socket<'_>, now: Moment) -> Option<Report> {
        if self.started.is_none() && socket.may_send() {
            self.started = Some(now);
        }
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
            if self.queued == self.bytes {
                // The end is acknowledged at once, not after a delay as data would be.
                socket.close();
            }
        }
        let complete = self.queued == self.bytes && socket.send_queue() == 0;
        if let (Some(started), None, true) = (self.started, self.took, complete) {
            self.took = Some(now.since(started));
        }
        if socket.is_open() {
            return None;
        }
        if self.took.is_some() && !self.closed {
            self.closed = true;
            return None;
        }
        let sent = |took| Report::Sent(self.to, self.bytes, took);
        Some(self.took.map_or(Report::Unreachable(self.to), sent))
    }
}
