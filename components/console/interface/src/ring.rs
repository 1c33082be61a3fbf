// SPDX-License-Identifier: BSD-2-Clause
//! A ring of bytes between one producer and one consumer that do not trust each other.
//!
//! Indices count bytes and wrap at 2^32; the ring's capacity is a power of two, so the low bits of
//! an index are the place. Each end works with its own index in its own memory, publishes it, and
//! believes of the other's only what is possible.

use core::sync::atomic::{AtomicU8, AtomicU32, Ordering, fence};

/// The shared indices of one ring. Each on a cache line of its own: they have different writers.
#[derive(Debug, Default)]
#[repr(C)]
pub struct Control {
    producer: ProducerLine,
    consumer: ConsumerLine,
}

#[derive(Debug, Default)]
#[repr(C, align(64))]
struct ProducerLine {
    /// Bytes ever put in.
    written: AtomicU32,
    /// Bytes ever dropped by the producer for want of room.
    lost: AtomicU32,
}

#[derive(Debug, Default)]
#[repr(C, align(64))]
struct ConsumerLine {
    /// Bytes ever taken out.
    read: AtomicU32,
}

/// The end that puts bytes in. Bytes are staged first and become visible by
/// [`publish`](Self::publish).
#[derive(Debug)]
pub struct Producer<'a> {
    data: &'a [AtomicU8],
    control: &'a Control,
    published: u32,
    staged: u32,
}

impl<'a> Producer<'a> {
    /// Takes up the producer's end where it was left. `data`'s length must be a power of two.
    pub(crate) fn attach(data: &'a [AtomicU8], control: &'a Control) -> Self {
        debug_assert!(data.len().is_power_of_two());
        let published = control.producer.written.load(Ordering::Relaxed);
        Self {
            data,
            control,
            published,
            staged: published,
        }
    }

    /// Bytes that can be staged now. None if the consumer claims the impossible.
    pub fn room(&self) -> usize {
        let read = self.control.consumer.read.load(Ordering::Acquire);
        let used = self.staged.wrapping_sub(read) as usize;
        self.data.len().saturating_sub(used)
    }

    /// Stages one byte. Returns false if there is no room.
    #[must_use]
    pub fn stage(&mut self, byte: u8) -> bool {
        if self.room() == 0 {
            return false;
        }
        let mask = self.data.len() - 1;
        self.data[self.staged as usize & mask].store(byte, Ordering::Relaxed);
        self.staged = self.staged.wrapping_add(1);
        true
    }

    /// Bytes staged and not yet published.
    pub fn staged(&self) -> usize {
        self.staged.wrapping_sub(self.published) as usize
    }

    /// Takes back what was staged and not published.
    pub fn unstage(&mut self) {
        self.staged = self.published;
    }

    /// Makes what was staged visible. Returns whether the consumer may have seen the ring empty
    /// since, and must be notified.
    #[must_use]
    pub fn publish(&mut self) -> bool {
        if self.staged == self.published {
            return false;
        }
        let before = self.published;
        self.published = self.staged;
        self.control
            .producer
            .written
            .store(self.staged, Ordering::Release);
        // Pairs with the fence in `Consumer::settle`: either the consumer sees these bytes before
        // it goes to sleep, or its index is seen here.
        fence(Ordering::SeqCst);
        self.control.consumer.read.load(Ordering::Relaxed) == before
    }

    /// Counts bytes that were dropped for want of room.
    pub fn count_lost(&mut self, bytes: usize) {
        let lost = self.control.producer.lost.load(Ordering::Relaxed);
        self.control
            .producer
            .lost
            .store(lost.wrapping_add(bytes as u32), Ordering::Relaxed);
    }
}

/// The end that takes bytes out. Places become free for the producer by [`settle`](Self::settle).
#[derive(Debug)]
pub struct Consumer<'a> {
    data: &'a [AtomicU8],
    control: &'a Control,
    read: u32,
    lost_seen: u32,
}

impl<'a> Consumer<'a> {
    /// Takes up the consumer's end where it was left. `data`'s length must be a power of two.
    pub(crate) fn attach(data: &'a [AtomicU8], control: &'a Control) -> Self {
        debug_assert!(data.len().is_power_of_two());
        let read = control.consumer.read.load(Ordering::Relaxed);
        let lost_seen = control.producer.lost.load(Ordering::Relaxed);
        Self {
            data,
            control,
            read,
            lost_seen,
        }
    }

    /// Bytes that wait. If the producer claims more than fits, all of it is skipped: it has
    /// overwritten what was there, or lies.
    pub fn waiting(&mut self) -> usize {
        let written = self.control.producer.written.load(Ordering::Acquire);
        let used = written.wrapping_sub(self.read) as usize;
        if used <= self.data.len() {
            return used;
        }
        self.read = written;
        0
    }

    /// Takes the oldest byte.
    pub fn pop(&mut self) -> Option<u8> {
        if self.waiting() == 0 {
            return None;
        }
        let mask = self.data.len() - 1;
        let byte = self.data[self.read as usize & mask].load(Ordering::Relaxed);
        self.read = self.read.wrapping_add(1);
        Some(byte)
    }

    /// Frees the places of the bytes taken. To be called before going to sleep; returns whether
    /// bytes wait, in which case the producer may not notify.
    #[must_use]
    pub fn settle(&mut self) -> bool {
        self.control
            .consumer
            .read
            .store(self.read, Ordering::Release);
        // Pairs with the fence in `Producer::publish`.
        fence(Ordering::SeqCst);
        self.waiting() != 0
    }

    /// Drops all that waits; then nothing does, unless the producer will not leave off.
    pub fn skip(&mut self) {
        for _ in 0..16 {
            self.read = self.control.producer.written.load(Ordering::Acquire);
            if !self.settle() {
                break;
            }
        }
    }

    /// The bytes that the producer says it dropped since the last call.
    pub fn take_lost(&mut self) -> u32 {
        let lost = self.control.producer.lost.load(Ordering::Relaxed);
        lost.wrapping_sub(core::mem::replace(&mut self.lost_seen, lost))
    }
}

#[cfg(test)]
mod tests;
