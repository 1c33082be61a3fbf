// SPDX-License-Identifier: BSD-2-Clause
//! The ring of received frames.

use core::sync::atomic::{Ordering, fence};

use mmio::Mmio;

use crate::descriptor::{Checksums, Written};
use crate::memory::{
    BUFFER_BYTES, DESCRIPTOR_BYTES, DESCRIPTORS, Dma, RECEIVE_BUFFERS, RECEIVE_RING, RING_BYTES,
};
use crate::registers::{QUEUE_ENABLE, Reg, Registers};

/// So many buffers are given back to the device at once: an eighth of them, so that it never runs
/// out while the driver keeps some, and a write to a register in as many frames.
pub const RETURN_BATCH: usize = 32;

/// Buffers of 2 KiB in one piece, advanced descriptors, and frames dropped that find none (§8.10.2):
/// a virtual function that does not listen must not block the others.
const SRRCTL: u32 = 2 | 1 << 25 | 1 << 31;
/// Fetch 16 descriptors when fewer are left and 8 are there, write back each frame.
const RXDCTL: u32 = 16 | 8 << 8 | 1 << 16;
const ETHERNET_HEADER: usize = 14;

/// A frame that was received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// Its length in bytes, 14 to [`BUFFER_BYTES`].
    pub len: usize,
    /// What the device says about its checksums.
    pub checksums: Checksums,
}

/// The receive ring.
#[derive(Debug, Default)]
pub struct Ring {
    /// The descriptor that the device writes next.
    next: usize,
    /// How many were refilled since the device was told.
    kept: usize,
    /// The rest of a frame that is too long for a buffer is to be skipped.
    skipping: bool,
    /// Frames taken out since [`take_pass`](Self::take_pass).
    pass: usize,
    /// Frames dropped because they made no sense.
    pub dropped: u64,
}

impl Ring {
    /// Describes the ring to the device and switches the queue on; it has no buffers yet.
    pub fn configure(&mut self, registers: &mut impl Mmio, shared: &mut impl Dma) {
        *self = Self {
            dropped: self.dropped,
            ..Self::default()
        };
        for index in 0..DESCRIPTORS {
            refill(shared, index);
        }
        let address = shared.bus_address() + RECEIVE_RING as u64;
        registers.set(Reg::Rdbal, address as u32);
        registers.set(Reg::Rdbah, (address >> 32) as u32);
        registers.set(Reg::Rdlen, RING_BYTES as u32);
        registers.set(Reg::Srrctl, SRRCTL);
        registers.set(Reg::Rdh, 0);
        registers.set(Reg::Rdt, 0);
        registers.set(Reg::Rxdctl, RXDCTL | QUEUE_ENABLE);
    }

    /// Gives the device all buffers but one: head equal to tail would be none (§7.1.7). Only when
    /// the queue is on, as the datasheet asks (§4.5.9).
    pub fn start(&mut self, registers: &mut impl Mmio) {
        fence(Ordering::Release);
        registers.set(Reg::Rdt, DESCRIPTORS as u32 - 1);
    }

    /// Copies the next frame to `to` if there is one, and takes its buffer back. Frames that make
    /// no sense are dropped, at most a ring full of them.
    pub fn take(
        &mut self,
        registers: &mut impl Mmio,
        shared: &mut impl Dma,
        to: &mut [u8; BUFFER_BYTES],
    ) -> Option<Received> {
        for _ in 0..DESCRIPTORS {
            let index = self.next;
            let at = RECEIVE_RING + index * DESCRIPTOR_BYTES;
            let written = Written::parse(shared.read64(at + 8))?;
            // The frame is read only after the word that says that it is there.
            fence(Ordering::Acquire);
            let received = self.judge(&written);
            if let Some(Received { len, .. }) = received {
                shared.copy_out(buffer(index), &mut to[..len]);
            }
            refill(shared, index);
            self.next = (index + 1) % DESCRIPTORS;
            self.kept += 1;
            self.pass += 1;
            if self.kept >= RETURN_BATCH {
                self.kept = 0;
                fence(Ordering::Release);
                // This one becomes the gap between tail and head.
                registers.set(Reg::Rdt, index as u32);
            }
            if received.is_some() {
                return received;
            }
        }
        None
    }

    fn judge(&mut self, written: &Written) -> Option<Received> {
        let skipped = core::mem::replace(&mut self.skipping, !written.last);
        let sensible = (ETHERNET_HEADER..=BUFFER_BYTES).contains(&written.bytes);
        if skipped && written.last {
            // Counted at its first piece.
            return None;
        }
        if skipped || !written.last || written.damaged || !sensible {
            self.dropped += u64::from(!skipped);
            return None;
        }
        Some(Received {
            len: written.bytes,
            checksums: written.checksums,
        })
    }

    /// Has the device write the next frames to this address, in place of all buffers.
    pub fn aim(&self, shared: &mut impl Dma, address: u64) {
        for index in 0..DESCRIPTORS {
            shared.write64(RECEIVE_RING + index * DESCRIPTOR_BYTES, address);
        }
    }

    /// How many frames were taken out since the last time.
    pub fn take_pass(&mut self) -> usize {
        core::mem::take(&mut self.pass)
    }
}

const fn buffer(index: usize) -> usize {
    RECEIVE_BUFFERS + index * BUFFER_BYTES
}

/// The second word, where the device will say that it is done, is cleared last: the address is
/// there before the descriptor looks unused.
fn refill(shared: &mut impl Dma, index: usize) {
    let at = RECEIVE_RING + index * DESCRIPTOR_BYTES;
    let address = shared.bus_address() + buffer(index) as u64;
    shared.write64(at, address);
    shared.write64(at + 8, 0);
}
