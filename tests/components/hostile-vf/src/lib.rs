// SPDX-License-Identifier: BSD-2-Clause
//! What the bystanders let the attacker know: a page that they alone can write.
#![cfg_attr(not(test), no_std)]

use core::sync::atomic::{AtomicU64, Ordering::SeqCst};

/// A word of the secret, which no device of the attacker may read or change.
pub const fn secret(word: u64) -> u64 {
    (word + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Words of the secret.
pub const SECRET_WORDS: usize = 0x4000 / 8;

/// The page.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Diary {
    /// Passes: one a millisecond, if it is let.
    pub passes: AtomicU64,
    /// Frames that were sent.
    pub sent: AtomicU64,
    /// Those that arrived, in order.
    pub received: AtomicU64,
    /// Those that another one overtook, or that were not as they were sent.
    pub lost: AtomicU64,
    /// Bytes that were written to the namespace, read back, and right.
    pub verified: AtomicU64,
    /// Functions lost, failures, refusals.
    pub trouble: AtomicU64,
    /// Interrupts that no device of its own sends.
    pub strange: AtomicU64,
}

/// The page at one time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// See [`Diary`].
    pub passes: u64,
    /// See [`Diary`].
    pub sent: u64,
    /// See [`Diary`].
    pub received: u64,
    /// See [`Diary`].
    pub lost: u64,
    /// See [`Diary`].
    pub verified: u64,
    /// See [`Diary`].
    pub trouble: u64,
    /// See [`Diary`].
    pub strange: u64,
}

impl Diary {
    /// What it says now.
    pub fn read(&self) -> Entry {
        Entry {
            passes: self.passes.load(SeqCst),
            received: self.received.load(SeqCst),
            sent: self.sent.load(SeqCst),
            lost: self.lost.load(SeqCst),
            verified: self.verified.load(SeqCst),
            trouble: self.trouble.load(SeqCst),
            strange: self.strange.load(SeqCst),
        }
    }

    /// Adds to a word.
    pub fn add(word: &AtomicU64, what: u64) {
        word.fetch_add(what, SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_added() {
        let diary = Diary::default();
        Diary::add(&diary.lost, 3);
        Diary::add(&diary.lost, 4);
        assert_eq!(diary.read().lost, 7);
        assert_ne!(secret(0), secret(1));
    }
}
