// SPDX-License-Identifier: BSD-2-Clause
//! The memory that tables live in, as processors see it and as hardware does. The two differ in
//! lines that were written and neither written back nor (where there is a write buffer) flushed.

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};

/// Bytes in a page.
pub(crate) const PAGE: u64 = 4096;
const PAGE_WORDS: usize = 512;
const LINE: u64 = 64;
const LINE_WORDS: usize = 8;

/// Where the memory begins: above 4 GiB, so that a truncated address is noticed.
const BASE: u64 = 0x12_3000_0000;

/// What a freed page is filled with: as a table, present entries that lead astray.
const POISON: u64 = 0x0bad_0003;

/// A word that hardware sees change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub at: u64,
    pub old: u64,
    pub new: u64,
}

#[derive(Debug)]
pub(crate) struct HostMemory {
    words: Vec<u64>,
    free: BTreeSet<usize>,
    /// Lines that hardware sees older, with what it sees.
    hidden: HashMap<u64, [u64; LINE_WORDS]>,
    /// Hidden lines that wait for the write buffer only, which drains in order.
    buffered: Vec<u64>,
    coherent: bool,
    write_buffer: bool,
}

impl HostMemory {
    pub fn new(pages: usize, coherent: bool, write_buffer: bool) -> Self {
        Self {
            words: vec![POISON; pages * PAGE_WORDS],
            free: (0..pages).collect(),
            hidden: HashMap::new(),
            buffered: Vec::new(),
            coherent,
            write_buffer,
        }
    }

    /// Pages that there are.
    pub fn pages(&self) -> usize {
        self.words.len() / PAGE_WORDS
    }

    /// Pages that are allocated.
    pub fn used(&self) -> usize {
        self.pages() - self.free.len()
    }

    pub fn allocate(&mut self, pages: usize) -> Option<u64> {
        let start = if pages == 1 {
            self.free.first().copied()
        } else {
            let fits =
                |&start: &usize| (start..start + pages).all(|page| self.free.contains(&page));
            (0..self.words.len() / PAGE_WORDS).step_by(pages).find(fits)
        }?;
        for page in start..start + pages {
            self.free.remove(&page);
        }
        self.words[start * PAGE_WORDS..(start + pages) * PAGE_WORDS].fill(0);
        Some(BASE + start as u64 * PAGE)
    }

    pub fn free(&mut self, at: u64, pages: usize) {
        let start = self
            .page_of(at)
            .expect("the caller checked that the page is allocated");
        for page in start..start + pages {
            self.free.insert(page);
        }
        self.words[start * PAGE_WORDS..(start + pages) * PAGE_WORDS].fill(POISON);
        let end = at + pages as u64 * PAGE;
        self.hidden.retain(|&line, _| !(at..end).contains(&line));
        self.buffered.retain(|line| !(at..end).contains(line));
    }

    fn page_of(&self, at: u64) -> Option<usize> {
        let page = (at.checked_sub(BASE)? / PAGE) as usize;
        (page < self.words.len() / PAGE_WORDS).then_some(page)
    }

    /// Whether the word is in an allocated page.
    pub fn owned(&self, at: u64) -> bool {
        at.is_multiple_of(8)
            && self
                .page_of(at)
                .is_some_and(|page| !self.free.contains(&page))
    }

    fn word(&self, at: u64) -> Option<usize> {
        self.page_of(at)?;
        at.is_multiple_of(8).then_some(((at - BASE) / 8) as usize)
    }

    /// As a processor (or coherent hardware) sees it; all ones where there is nothing.
    pub fn read(&self, at: u64) -> u64 {
        self.word(at).map_or(u64::MAX, |word| self.words[word])
    }

    /// As a table walk sees it; `None` where there is no memory.
    pub fn walk(&self, at: u64) -> Option<u64> {
        let word = self.word(at)?;
        let line = self.hidden.get(&(at & !(LINE - 1)));
        Some(line.map_or(self.words[word], |line| line[word % LINE_WORDS]))
    }

    /// Whether a walk sees something older than what was written.
    pub fn is_hidden(&self, at: u64) -> bool {
        self.hidden.contains_key(&(at & !(LINE - 1)))
    }

    /// A processor writes; returns what hardware sees of it at once.
    pub fn write(&mut self, at: u64, value: u64) -> Option<Change> {
        let word = self.word(at)?;
        let old = self.words[word];
        if self.coherent && !self.write_buffer {
            self.words[word] = value;
            return Some(Change {
                at,
                old,
                new: value,
            });
        }
        let line = at & !(LINE - 1);
        let first = word - word % LINE_WORDS;
        let before = self.words[first..first + LINE_WORDS]
            .try_into()
            .expect("a line of words");
        self.hidden.entry(line).or_insert(before);
        self.words[word] = value;
        if self.coherent {
            self.enter_buffer(line);
        } else {
            self.buffered.retain(|buffered| *buffered != line);
        }
        None
    }

    /// Hardware writes, coherently.
    pub fn write_device(&mut self, at: u64, value: u64) {
        if let Some(word) = self.word(at) {
            self.words[word] = value;
            if let Some(line) = self.hidden.get_mut(&(at & !(LINE - 1))) {
                line[word % LINE_WORDS] = value;
            }
        }
    }

    /// The lines that hold these bytes and that hardware sees older.
    pub fn hidden_lines(&self, at: u64, bytes: u64) -> Vec<u64> {
        let first = at & !(LINE - 1);
        let lines = (first..at.saturating_add(bytes)).step_by(LINE as usize);
        lines
            .filter(|line| self.hidden.contains_key(line))
            .collect()
    }

    /// A processor writes a line back; returns what hardware sees of it at once.
    pub fn write_back(&mut self, line: u64) -> Vec<Change> {
        if self.write_buffer {
            self.enter_buffer(line);
            return Vec::new();
        }
        self.reveal(line)
    }

    fn enter_buffer(&mut self, line: u64) {
        if !self.buffered.contains(&line) {
            self.buffered.push(line);
        }
    }

    /// The lines that are in the write buffer, oldest first.
    pub fn buffered_lines(&self) -> Vec<u64> {
        self.buffered.clone()
    }

    /// Hardware sees a line as it is; returns what changes for it.
    pub fn reveal(&mut self, line: u64) -> Vec<Change> {
        self.buffered.retain(|buffered| *buffered != line);
        let Some(before) = self.hidden.remove(&line) else {
            return Vec::new();
        };
        let words = before.into_iter().enumerate().map(|(index, old)| {
            let at = line + 8 * index as u64;
            Change {
                at,
                old,
                new: self.read(at),
            }
        });
        words.filter(|change| change.new != change.old).collect()
    }
}
