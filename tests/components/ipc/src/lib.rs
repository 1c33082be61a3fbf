// SPDX-License-Identifier: BSD-2-Clause
//! What the programs of this test system agree on.
#![cfg_attr(not(test), no_std)]

use core::sync::atomic::{AtomicU64, Ordering};

/// Calls that the server answers, by label.
pub mod server {
    /// Answers with the words that came, each passed through [`crate::scramble`].
    pub const ECHO: u64 = 1;
    /// Signals the meddler in the middle, and writes to the journal before and after.
    pub const MEDDLE: u64 = 2;
    /// Defers a signal to the caller, then answers with one word, 77.
    pub const DEFER: u64 = 3;
    /// Answers with as many words as the first word says.
    pub const FILL: u64 = 4;
}

/// Calls that the ticker answers, by label: how it treats the next interrupts.
pub mod ticker {
    /// Acknowledges each at once.
    pub const ACK: u64 = 1;
    /// Defers each acknowledgement.
    pub const DEFER_ACK: u64 = 2;
    /// Acknowledges none.
    pub const NO_ACK: u64 = 3;
    /// Answers with one word: interrupts seen since the start.
    pub const COUNT: u64 = 4;
    /// Stops the device.
    pub const STOP: u64 = 5;
    /// Answers when the device has counted [`ENOUGH`] more periods.
    pub const WATCH: u64 = 6;
    /// How many interrupts it waits for before it signals the driver.
    pub const ENOUGH: u64 = 8;
}

/// Changes a word so that nobody mistakes an untouched message for an answer.
pub const fn scramble(index: usize, word: u64) -> u64 {
    word.rotate_left(7) ^ 0x5e14_0000_0000_0000 ^ index as u64
}

/// A list of events in memory that all programs share: who came when.
#[derive(Debug)]
#[repr(C)]
pub struct Journal {
    len: AtomicU64,
    events: [AtomicU64; 64],
}

impl Journal {
    /// Appends an event; when there is no more room it is counted only.
    pub fn push(&self, event: u64) {
        let at = self.len.fetch_add(1, Ordering::SeqCst) as usize;
        if let Some(slot) = self.events.get(at) {
            slot.store(event, Ordering::SeqCst);
        }
    }

    /// Empties the journal.
    pub fn clear(&self) {
        self.len.store(0, Ordering::SeqCst);
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::SeqCst) as usize
    }

    /// Whether there are no events.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The events, 0 where there are none.
    pub fn events<const N: usize>(&self) -> [u64; N] {
        core::array::from_fn(|i| match self.events.get(i) {
            Some(event) if i < self.len() => event.load(Ordering::SeqCst),
            _ => 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_keeps_the_order_and_its_bounds() {
        let journal = Journal {
            len: AtomicU64::new(0),
            events: [const { AtomicU64::new(0) }; 64],
        };
        assert!(journal.is_empty());
        (1..=70).for_each(|event| journal.push(event));
        assert_eq!(journal.len(), 70);
        assert_eq!(journal.events::<3>(), [1, 2, 3]);
        assert_eq!(journal.events::<66>()[63..], [64, 0, 0]);
        journal.clear();
        assert_eq!(journal.events::<2>(), [0, 0]);
    }

    #[test]
    fn scrambling_changes_every_word() {
        assert!((0..64).all(|i| scramble(i, i as u64) != i as u64));
        assert_ne!(scramble(0, 5), scramble(1, 5));
    }
}
