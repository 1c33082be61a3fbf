// SPDX-License-Identifier: BSD-2-Clause
//! The memory that DMA may reach. Each word holds a value of its own, so that a device that reads
//! or writes the wrong one is found out.

use alloc::collections::BTreeMap;
use core::ptr::NonNull;

use vtd_sequences::{Done, Random, ensure};

/// What a word holds that nobody has written since.
fn tag(at: u64) -> u64 {
    Random::new(at).word()
}

/// The memory, with what each word should hold.
pub struct Landing {
    base: NonNull<u64>,
    start: u64,
    words: usize,
    written: BTreeMap<u64, u64>,
}

impl Landing {
    /// Takes possession of `bytes` at `base`, which devices know as `start`.
    ///
    /// # Safety
    ///
    /// They are mapped for as long as the value lives, and nothing else but devices uses them.
    pub unsafe fn new(base: NonNull<u64>, start: u64, bytes: usize) -> Self {
        let mut landing = Self {
            base,
            start,
            words: bytes / 8,
            written: BTreeMap::new(),
        };
        for at in landing.addresses() {
            landing.poke(at, tag(at));
        }
        landing
    }

    fn addresses(&self) -> impl Iterator<Item = u64> + use<> {
        (self.start..).step_by(8).take(self.words)
    }

    fn word(&self, at: u64) -> Option<NonNull<u64>> {
        let word = usize::try_from(at.checked_sub(self.start)? / 8).ok()?;
        // SAFETY: the word is below `words`, all of which `new`'s caller promised.
        (word < self.words).then(|| unsafe { self.base.add(word) })
    }

    /// Reads a word. All ones where there is none.
    pub fn peek(&self, at: u64) -> u64 {
        // SAFETY: `word` stays inside the mapping; devices may write at the same time.
        self.word(at)
            .map_or(u64::MAX, |word| unsafe { word.read_volatile() })
    }

    /// Writes a word, without remembering that it should be there.
    pub fn poke(&mut self, at: u64, value: u64) {
        if let Some(word) = self.word(at) {
            // SAFETY: as in `peek`.
            unsafe { word.write_volatile(value) }
        }
    }

    /// What a word should hold.
    pub fn expected(&self, at: u64) -> u64 {
        self.written.get(&at).copied().unwrap_or_else(|| tag(at))
    }

    /// Remembers that a device was right to write a value.
    pub fn wrote(&mut self, at: u64, value: u64) {
        self.written.insert(at, value);
    }

    /// Compares one word.
    pub fn check(&self, at: u64) -> Done {
        let (found, expected) = (self.peek(at), self.expected(at));
        ensure!(
            found == expected || self.word(at).is_none(),
            "memory at {at:#x}: found {found:#x}, expected {expected:#x}"
        );
        Ok(())
    }

    /// Compares all words.
    pub fn check_all(&self) -> Done {
        self.addresses().try_for_each(|at| self.check(at))
    }
}
