// SPDX-License-Identifier: BSD-2-Clause
//! A port: a client's rings, its address, and what is counted of it.

use switch_interface::{Consumer, Counters, Frame, Mac, Notify, Producer, Region};

use crate::quota::Quota;

/// How often a client's offences are told. They are counted for ever.
const REPORTS: u8 = 3;

/// A port of the switch.
#[derive(Debug)]
pub struct Port<'a, N> {
    region: &'a Region,
    input: Consumer<'a>,
    output: Producer<'a>,
    client: N,
    mac: Mac,
    counters: Counters,
    quota: Quota,
    reports: u8,
}

impl<'a, N: Notify> Port<'a, N> {
    /// The port of the client that has the other ends of `region`, and this address. `client`
    /// notifies it.
    pub fn new(region: &'a Region, mac: Mac, client: N) -> Self {
        let (input, output) = region.switch_ends();
        let (_, taken) = output.indices();
        Self {
            region,
            input,
            output,
            client,
            mac,
            counters: Counters::default(),
            quota: Quota::new(taken),
            reports: REPORTS,
        }
    }

    /// The client's address.
    pub fn mac(&self) -> Mac {
        self.mac
    }

    /// What was counted of the client.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(crate) fn counters_mut(&mut self) -> &mut Counters {
        &mut self.counters
    }

    /// The client's next frame, as [`Consumer::take`].
    pub(crate) fn take(&mut self, into: &mut Frame) -> Option<Option<usize>> {
        let taken = self.input.take(into)?;
        self.counters.sent += 1;
        self.counters.sent_bytes += taken.unwrap_or(0) as u64;
        Some(taken)
    }

    /// Puts a frame of the port `sender` into the client's ring, if there is room and the sender
    /// does not have too much of it.
    pub(crate) fn put(&mut self, sender: usize, for_several: bool, frame: &[u8]) -> bool {
        let (put, taken) = self.output.indices();
        if !self.quota.allows(sender, for_several, put, taken) || !self.output.put(frame) {
            return false;
        }
        self.quota.add(sender, put);
        self.counters.received += 1;
        self.counters.received_bytes += frame.len() as u64;
        true
    }

    /// Shows the client what it got, and frees the places of what it sent. Returns whether it has
    /// sent more.
    pub(crate) fn settle(&mut self) -> bool {
        if self.output.publish() {
            self.client.notify();
        }
        self.region.statistics().set(&self.counters);
        self.input.settle()
    }

    /// May one more offence be told?
    pub(crate) fn may_report(&mut self) -> bool {
        let left = self.reports.checked_sub(1);
        self.reports = left.unwrap_or(0);
        left.is_some()
    }
}
