// SPDX-License-Identifier: BSD-2-Clause
//! The time-outs of all clients.
//!
//! Every client has its own fixed slots, so none can take another's. Every operation looks at the
//! slots of the clients that it is about, and at one number of each other client, so that its cost
//! is bounded whatever clients do.

use timer_interface::{Expired, TIMEOUTS};

/// The number of clients: one for each channel that a protection domain can have.
pub const CLIENTS: usize = 62;

/// A set of clients: bit n for client n.
pub type ClientSet = u64;

/// One slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Timeout {
    /// Does not run.
    #[default]
    Idle,
    /// Ends once.
    Once {
        /// When.
        end: u64,
    },
    /// Ends again and again.
    Periodic {
        /// When next.
        end: u64,
        /// The time from end to end, not 0.
        period: u64,
    },
}

impl Timeout {
    /// When it ends next, if it runs.
    pub fn end(self) -> Option<u64> {
        match self {
            Self::Idle => None,
            Self::Once { end } | Self::Periodic { end, .. } => Some(end),
        }
    }

    /// What it is after it ended, seen at `now`. Ends that were missed are left out, and a period
    /// keeps its phase. What would end beyond the end of time stops.
    fn after_end(self, now: u64) -> Self {
        let Self::Periodic { end, period } = self else {
            return Self::Idle;
        };
        let passed = now.saturating_sub(end) / period.max(1);
        let next = passed
            .checked_add(1)
            .and_then(|periods| periods.checked_mul(period));
        match next.and_then(|distance| end.checked_add(distance)) {
            Some(end) => Self::Periodic { end, period },
            None => Self::Idle,
        }
    }
}

/// The end of time: no time-out runs.
const NEVER: u64 = u64::MAX;

/// The slots of one client.
#[derive(Clone, Copy, Debug)]
struct Client {
    timeouts: [Timeout; TIMEOUTS],
    /// Which ended since the client asked last.
    expired: u32,
    /// The earliest end, or [`NEVER`].
    next: u64,
}

impl Client {
    const NEW: Self = Self {
        timeouts: [Timeout::Idle; TIMEOUTS],
        expired: 0,
        next: NEVER,
    };

    /// Ends what is due. Returns whether something was.
    fn expire(&mut self, now: u64) -> bool {
        let mut due = 0;
        for (bit, timeout) in self.timeouts.iter_mut().enumerate() {
            if timeout.end().is_some_and(|end| end <= now) {
                *timeout = timeout.after_end(now);
                due |= 1 << bit;
            }
        }
        self.expired |= due;
        self.find_next();
        due != 0
    }

    fn find_next(&mut self) {
        let ends = self.timeouts.iter().filter_map(|timeout| timeout.end());
        self.next = ends.min().unwrap_or(NEVER);
    }
}

/// The time-outs of all clients.
#[derive(Debug)]
pub struct Queue {
    clients: [Client; CLIENTS],
    /// The earliest end of all, or [`NEVER`].
    next: u64,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            clients: [Client::NEW; CLIENTS],
            next: NEVER,
        }
    }
}

impl Queue {
    /// Replaces a time-out. Whether the old one had ended is forgotten, so that a client does not
    /// take its end for that of the new one. Returns false if there is no such slot.
    #[must_use]
    pub fn set(&mut self, client: usize, timeout: usize, value: Timeout) -> bool {
        let Some(client) = self.clients.get_mut(client) else {
            return false;
        };
        let Some(slot) = client.timeouts.get_mut(timeout) else {
            return false;
        };
        *slot = value;
        client.expired &= !(1 << timeout);
        client.find_next();
        self.find_next();
        true
    }

    /// The earliest end of all. (What would end at the end of time does not end.)
    pub fn next(&self) -> Option<u64> {
        (self.next != NEVER).then_some(self.next)
    }

    /// Ends everything that is due at `now`, and returns the clients for which something did.
    pub fn expire(&mut self, now: u64) -> ClientSet {
        if now < self.next {
            return 0;
        }
        let mut due = 0;
        for (number, client) in self.clients.iter_mut().enumerate() {
            if client.next <= now && client.expire(now) {
                due |= 1 << number;
            }
        }
        self.find_next();
        due
    }

    /// What ended for `client` since the last call.
    pub fn take_expired(&mut self, client: usize) -> Expired {
        let Some(client) = self.clients.get_mut(client) else {
            return Expired::default();
        };
        Expired::from_bits(core::mem::take(&mut client.expired))
    }

    fn find_next(&mut self) {
        self.next = self
            .clients
            .iter()
            .map(|client| client.next)
            .min()
            .unwrap_or(NEVER);
    }
}

#[cfg(test)]
mod tests;
