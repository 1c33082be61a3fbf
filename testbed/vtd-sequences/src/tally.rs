// SPDX-License-Identifier: BSD-2-Clause
//! How often what happened, so that nobody takes a test for one that met nothing.

use alloc::collections::BTreeMap;
use core::fmt;

use vtd::{Access, Request};

/// Requests of devices, by what came of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Reads that reached memory.
    pub reads: u64,
    /// Writes that reached memory.
    pub writes: u64,
    /// Interrupts that arrived.
    pub interrupts: u64,
    /// Requests that were stopped, by the reason.
    pub stopped: BTreeMap<u8, u64>,
}

impl Tally {
    /// Adds a request that was stopped for a reason, or was not.
    pub fn add(&mut self, request: Request, stopped: Option<u8>) {
        *match (stopped, request) {
            (Some(reason), _) => self.stopped.entry(reason).or_default(),
            (None, Request::Interrupt(_)) => &mut self.interrupts,
            (None, Request::Dma(_, Access::Read)) => &mut self.reads,
            (None, Request::Dma(..)) => &mut self.writes,
        } += 1;
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: Self) {
        self.reads += other.reads;
        self.writes += other.writes;
        self.interrupts += other.interrupts;
        for (reason, times) in other.stopped {
            *self.stopped.entry(reason).or_default() += times;
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            reads,
            writes,
            interrupts,
            stopped,
        } = self;
        write!(
            f,
            "{reads} reads, {writes} writes, {interrupts} interrupts; stopped"
        )?;
        for (index, (reason, times)) in stopped.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma} {times} for {reason:#04x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use std::string::ToString;

    use vtd::Iova;

    use super::*;

    #[test]
    fn each_kind_is_counted_and_said() {
        let mut tally = Tally::default();
        tally.add(Request::Dma(Iova(0), Access::Read), None);
        tally.add(Request::Dma(Iova(0), Access::Write), None);
        tally.add(Request::Dma(Iova(0), Access::Write), Some(5));
        tally.add(Request::Interrupt(1), None);
        tally.add(Request::Interrupt(1), Some(0x22));
        tally.merge(tally.clone());
        assert_eq!(
            tally.to_string(),
            "2 reads, 2 writes, 2 interrupts; stopped 2 for 0x05, 2 for 0x22"
        );
    }
}
