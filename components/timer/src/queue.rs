// SPDX-License-Identifier: BSD-2-Clause
//! The time-outs of all clients.
//!
//! Every client has its own fixed slots, so none can take another's. Every operation looks at all
//! slots or fewer (496 in all), so its cost does not depend on what clients do.

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

/// The slots of one client.
#[derive(Clone, Copy, Debug, Default)]
struct Client {
    timeouts: [Timeout; TIMEOUTS],
    /// Which ended since the client asked last.
    expired: u32,
}

/// The time-outs of all clients.
#[derive(Debug)]
pub struct Queue {
    clients: [Client; CLIENTS],
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            clients: [Client::default(); CLIENTS],
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
        true
    }

    /// The earliest end of all.
    pub fn next(&self) -> Option<u64> {
        let slots = self.clients.iter().flat_map(|client| &client.timeouts);
        slots.filter_map(|timeout| timeout.end()).min()
    }

    /// Ends everything that is due at `now`, and returns the clients for which something did.
    pub fn expire(&mut self, now: u64) -> ClientSet {
        let mut due = 0;
        for (number, client) in self.clients.iter_mut().enumerate() {
            for (bit, timeout) in client.timeouts.iter_mut().enumerate() {
                if timeout.end().is_some_and(|end| end <= now) {
                    *timeout = timeout.after_end(now);
                    client.expired |= 1 << bit;
                    due |= 1 << number;
                }
            }
        }
        due
    }

    /// What ended for `client` since the last call.
    pub fn take_expired(&mut self, client: usize) -> Expired {
        let Some(client) = self.clients.get_mut(client) else {
            return Expired::default();
        };
        Expired::from_bits(core::mem::take(&mut client.expired))
    }
}

#[cfg(test)]
mod tests;
