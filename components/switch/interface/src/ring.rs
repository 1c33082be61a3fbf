// SPDX-License-Identifier: BSD-2-Clause
//! A ring of frames between one producer and one consumer that do not trust each other.
//!
//! Indices count frames and wrap at 2^32. Each end works with its own index in its own memory,
//! publishes it, and believes of the other's only what is possible.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// Frames that a ring has room for.
pub const SLOTS: usize = 64;
/// Bytes of the longest frame: 1500, a header, a tag of a virtual network.
pub const LONGEST_FRAME: usize = 1518;
/// Bytes of the shortest frame: a header.
pub const SHORTEST_FRAME: usize = 14;

/// The bytes of a frame, without preamble and check sequence.
pub type Frame = [u8; LONGEST_FRAME];

const SLOT_WORDS: usize = 192;

/// One frame: its length in bytes, then its bytes.
#[derive(Debug)]
#[repr(C)]
pub struct Slot([AtomicU64; SLOT_WORDS]);

impl Default for Slot {
    fn default() -> Self {
        Self([const { AtomicU64::new(0) }; SLOT_WORDS])
    }
}

impl Slot {
    /// Writes a frame, of which there is room for the longest.
    fn set(&self, frame: &[u8]) {
        let [length, words @ ..] = &self.0;
        length.store(frame.len() as u64, Ordering::Relaxed);
        for (word, bytes) in words.iter().zip(frame.chunks(8)) {
            let mut value = [0; 8];
            value[..bytes.len()].copy_from_slice(bytes);
            word.store(u64::from_le_bytes(value), Ordering::Relaxed);
        }
    }

    /// Reads a frame. `None` if it has a length that no frame has.
    fn get(&self, into: &mut Frame) -> Option<usize> {
        let [length, words @ ..] = &self.0;
        let length = usize::try_from(length.load(Ordering::Relaxed)).ok()?;
        let bytes = into
            .get_mut(..length)
            .filter(|_| length >= SHORTEST_FRAME)?;
        for (word, bytes) in words.iter().zip(bytes.chunks_mut(8)) {
            let value = word.load(Ordering::Relaxed).to_le_bytes();
            bytes.copy_from_slice(&value[..bytes.len()]);
        }
        Some(length)
    }
}

/// The shared indices of one ring. Each on a cache line of its own: they have different writers.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Control {
    producer: Line,
    consumer: Line,
}

/// Frames ever put in, or ever taken out.
#[derive(Debug, Default)]
#[repr(C, align(64))]
struct Line(AtomicU32);

/// The end that puts frames in. They become visible by [`publish`](Self::publish).
#[derive(Debug)]
pub struct Producer<'a> {
    slots: &'a [Slot; SLOTS],
    control: &'a Control,
    published: u32,
    staged: u32,
}

impl<'a> Producer<'a> {
    /// Takes up the producer's end where it was left.
    pub(crate) fn attach(slots: &'a [Slot; SLOTS], control: &'a Control) -> Self {
        let published = control.producer.0.load(Ordering::Relaxed);
        Self {
            slots,
            control,
            published,
            staged: published,
        }
    }

    /// Frames that can be put in now. None if the consumer claims the impossible.
    pub fn room(&self) -> usize {
        let used = self.staged.wrapping_sub(self.taken()) as usize;
        SLOTS.saturating_sub(used)
    }

    /// Frames ever put in, and ever taken out if the consumer can be believed.
    pub fn indices(&self) -> (u32, u32) {
        (self.staged, self.taken())
    }

    /// Puts a frame in. Returns false if there is no room for it, or there are no such frames.
    #[must_use]
    pub fn put(&mut self, frame: &[u8]) -> bool {
        let possible = (SHORTEST_FRAME..=LONGEST_FRAME).contains(&frame.len());
        if !possible || self.room() == 0 {
            return false;
        }
        self.slots[self.staged as usize % SLOTS].set(frame);
        self.staged = self.staged.wrapping_add(1);
        true
    }

    /// Makes what was put in visible. Returns whether the consumer may have seen the ring empty
    /// since, and must be notified.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        let before = core::mem::replace(&mut self.published, self.staged);
        if before == self.staged {
            return false;
        }
        self.control
            .producer
            .0
            .store(self.staged, Ordering::Release);
        // Pairs with the fence in `Consumer::settle`: either the consumer sees these frames before
        // it goes to sleep, or its index is seen here.
        fence(Ordering::SeqCst);
        self.control.consumer.0.load(Ordering::Relaxed) == before
    }

    fn taken(&self) -> u32 {
        self.control.consumer.0.load(Ordering::Acquire)
    }
}

/// The end that takes frames out. Their places become free for the producer by [`free`](Self::free).
#[derive(Debug)]
pub struct Consumer<'a> {
    slots: &'a [Slot; SLOTS],
    control: &'a Control,
    read: u32,
}

impl<'a> Consumer<'a> {
    /// Takes up the consumer's end where it was left.
    pub(crate) fn attach(slots: &'a [Slot; SLOTS], control: &'a Control) -> Self {
        let read = control.consumer.0.load(Ordering::Relaxed);
        Self {
            slots,
            control,
            read,
        }
    }

    /// Frames that wait. If the producer claims more than fits, all of them are skipped.
    pub fn waiting(&mut self) -> usize {
        let written = self.control.producer.0.load(Ordering::Acquire);
        let used = written.wrapping_sub(self.read) as usize;
        if used <= SLOTS {
            return used;
        }
        self.read = written;
        0
    }

    /// Takes the oldest frame. `None` if none waits; the length is `None` if what waits is no frame.
    pub fn take(&mut self, into: &mut Frame) -> Option<Option<usize>> {
        if self.waiting() == 0 {
            return None;
        }
        let length = self.slots[self.read as usize % SLOTS].get(into);
        self.read = self.read.wrapping_add(1);
        Some(length)
    }

    /// Frees the places of the frames taken.
    pub fn free(&mut self) {
        self.control.consumer.0.store(self.read, Ordering::Release);
    }

    /// Frees them, and is to be called before going to sleep: returns whether frames wait, of which
    /// the producer may not notify.
    #[must_use]
    pub fn settle(&mut self) -> bool {
        self.free();
        // Pairs with the fence in `Producer::publish`.
        fence(Ordering::SeqCst);
        self.waiting() != 0
    }

    /// Drops all that waits; then nothing does, unless the producer will not leave off.
    pub fn skip(&mut self) {
        for _ in 0..16 {
            self.read = self.control.producer.0.load(Ordering::Acquire);
            if !self.settle() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests;
