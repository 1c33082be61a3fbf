// SPDX-License-Identifier: BSD-2-Clause
//! A split virtqueue, the device's side: virtio 1.2 §2.7.
//!
//! ```text
//! descriptor table   16 bytes each: address, length, flags, next
//! available ring     flags, index, heads of chains [size], used_event       (the driver writes)
//! used ring          flags, index, {head, length} [size], avail_event       (the device writes)
//! ```
//!
//! Both sides suppress what they need not hear of: by a flag, or with VIRTIO_F_EVENT_IDX by telling
//! the index that they wait for.

mod chain;
mod descriptor;
#[cfg(test)]
mod tests;

use core::sync::atomic::{Ordering, fence};

use vmm_base::{Gpa, GuestRam};

use crate::Violation;
use chain::require;

pub use chain::{Chain, MAX_BUFFERS, Piece};

/// The most entries of a queue.
pub const MAX_SIZE: u16 = 256;

/// VIRTIO_F_INDIRECT_DESC: a chain may end in a table of descriptors.
pub const INDIRECT_DESC: u64 = 1 << 28;
/// VIRTIO_F_EVENT_IDX: notifications and interrupts are suppressed by indices.
pub const EVENT_IDX: u64 = 1 << 29;

/// In the flags of a ring: the other side need not be told.
const QUIET: u16 = 1;

/// What the driver tells of a queue before it enables it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// Entries.
    pub size: u16,
    /// Where the descriptor table is.
    pub descriptors: u64,
    /// Where the available ring is.
    pub driver: u64,
    /// Where the used ring is.
    pub device: u64,
}

/// A queue that is in use.
#[derive(Debug)]
pub struct Queue {
    size: u16,
    descriptors: Gpa,
    available: Gpa,
    used: Gpa,
    indirect: bool,
    event_index: bool,
    /// The next place of the available ring to be read.
    next_available: u16,
    /// The next place of the used ring to be written.
    next_used: u16,
    /// What of the used ring the driver can see.
    published: u16,
    /// Does the driver tell of new chains?
    listening: bool,
}

impl Queue {
    /// The queue that `layout` describes. `features`: what was negotiated.
    ///
    /// # Errors
    ///
    /// If its size, alignment or place is against the rules: virtio 1.2 §2.7.
    pub fn new(layout: &Layout, features: u64, ram: &GuestRam<'_>) -> Result<Self, Violation> {
        let size = layout.size;
        if !size.is_power_of_two() || size > MAX_SIZE {
            return Err(Violation::QueueSize(size));
        }
        let entries = usize::from(size);
        for (at, alignment, length) in [
            (layout.descriptors, 16, 16 * entries),
            (layout.driver, 2, 6 + 2 * entries),
            (layout.device, 4, 6 + 8 * entries),
        ] {
            if at % alignment != 0 {
                return Err(Violation::QueueAlignment(Gpa(at)));
            }
            require(ram, Gpa(at), length)?;
        }
        Ok(Self {
            size,
            descriptors: Gpa(layout.descriptors),
            available: Gpa(layout.driver),
            used: Gpa(layout.device),
            indirect: features & INDIRECT_DESC != 0,
            event_index: features & EVENT_IDX != 0,
            next_available: 0,
            next_used: 0,
            published: 0,
            listening: true,
        })
    }

    /// Takes the next chain that the driver made available. Returns false if there is none.
    ///
    /// # Errors
    ///
    /// If the driver broke a rule.
    pub fn pop(&mut self, ram: &GuestRam<'_>, chain: &mut Chain) -> Result<bool, Violation> {
        let index = ram.load_u16(self.available_index())?;
        let waiting = index.wrapping_sub(self.next_available);
        if waiting == 0 {
            return Ok(false);
        }
        if waiting > self.size {
            let at = self.next_available;
            return Err(Violation::AvailableIndex { index, at });
        }
        let place = u64::from(self.next_available & (self.size - 1));
        let head = ram.load_u16(Gpa(self.available.0 + 4 + 2 * place))?;
        chain.collect(ram, self.descriptors, self.size, head, self.indirect)?;
        self.next_available = self.next_available.wrapping_add(1);
        Ok(true)
    }

    /// The chain that was taken last, and not given back, is as if it had not been taken.
    pub fn put_back(&mut self) {
        self.next_available = self.next_available.wrapping_sub(1);
    }

    /// Gives a chain back, `written` bytes of which were written. The driver sees it after
    /// [`publish`](Self::publish).
    ///
    /// # Errors
    ///
    /// None that a guest could cause: the ring was checked at first.
    pub fn push(&mut self, ram: &GuestRam<'_>, head: u16, written: u32) -> Result<(), Violation> {
        let place = u64::from(self.next_used & (self.size - 1));
        let element = u64::from(head) | u64::from(written) << 32;
        ram.write(Gpa(self.used.0 + 4 + 8 * place), &element.to_le_bytes())?;
        self.next_used = self.next_used.wrapping_add(1);
        Ok(())
    }

    /// Shows the driver what was given back. Returns whether it wants an interrupt.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn publish(&mut self, ram: &GuestRam<'_>) -> Result<bool, Violation> {
        let before = core::mem::replace(&mut self.published, self.next_used);
        if before == self.next_used {
            return Ok(false);
        }
        ram.store_u16(Gpa(self.used.0 + 2), self.next_used)?;
        // The driver sets what it waits for, then looks at the index: either it sees the new one, or
        // the device sees here what it waits for.
        fence(Ordering::SeqCst);
        if !self.event_index {
            return Ok(ram.load_u16(self.available)? & QUIET == 0);
        }
        let event = Gpa(self.available.0 + 4 + 2 * u64::from(self.size));
        let event = ram.load_u16(event)?;
        // Did the index pass it? Virtio 1.2 §2.7.10.
        let passed = self.next_used.wrapping_sub(event).wrapping_sub(1);
        Ok(passed < self.next_used.wrapping_sub(before))
    }

    /// Wants to be told of the next chain. Returns whether there is one already, which the driver
    /// may not tell of.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn listen(&mut self, ram: &GuestRam<'_>) -> Result<bool, Violation> {
        if self.event_index {
            ram.store_u16(self.available_event(), self.next_available)?;
        } else if !self.listening {
            ram.store_u16(self.used, 0)?;
        }
        self.listening = true;
        // As in `publish`, with the sides exchanged.
        fence(Ordering::SeqCst);
        Ok(ram.load_u16(self.available_index())? != self.next_available)
    }

    /// Need not be told of new chains.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    pub fn ignore(&mut self, ram: &GuestRam<'_>) -> Result<(), Violation> {
        if core::mem::take(&mut self.listening) {
            if self.event_index {
                // Far ahead: the index comes there when the queue has been through all others.
                let behind = self.next_available.wrapping_sub(1);
                ram.store_u16(self.available_event(), behind)?;
            } else {
                ram.store_u16(self.used, QUIET)?;
            }
        }
        Ok(())
    }

    fn available_index(&self) -> Gpa {
        Gpa(self.available.0 + 2)
    }

    fn available_event(&self) -> Gpa {
        Gpa(self.used.0 + 4 + 8 * u64::from(self.size))
    }
}
