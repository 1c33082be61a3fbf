// SPDX-License-Identifier: BSD-2-Clause
//! The ring of frames to send.

use core::sync::atomic::{Ordering, fence};

use mmio::Mmio;

use crate::Offload;
use crate::descriptor::{contexts, frame, is_done};
use crate::memory::{
    BUFFER_BYTES, DESCRIPTOR_BYTES, DESCRIPTORS, Dma, Outgoing, RING_BYTES, TRANSMIT_RING,
};
use crate::registers::{QUEUE_ENABLE, Reg, Registers};

/// The device reports every so many descriptors as done, by their place in the ring, so that each
/// report costs it one write to memory for as many frames.
const REPORT_BATCH: usize = 32;
/// So many frames at most wait for [`Ring::flush`].
const FLUSH_BATCH: usize = 64;
/// Frames that are shorter are filled up with zeroes, since Ethernet has none such, and must have
/// their checksums: QEMU's card would take the zeroes for a part of the datagram.
pub const MIN_OFFLOAD: usize = 60;
/// Fetch descriptors when fewer than 8 are left and 1 is there, write back when asked to.
const TXDCTL: u32 = 8 | 1 << 8;

/// The transmit ring.
#[derive(Debug, Default)]
pub struct Ring {
    /// The next descriptor to fill.
    next: usize,
    /// The oldest that the device may still use.
    oldest: usize,
    /// How many were filled since the device was told.
    waiting: usize,
}

impl Ring {
    /// Describes the ring to the device and switches the queue on.
    pub fn configure(&mut self, registers: &mut impl Mmio, shared: &mut impl Dma) {
        *self = Self::default();
        for offset in (0..RING_BYTES).step_by(8) {
            shared.write64(TRANSMIT_RING + offset, 0);
        }
        let address = shared.bus_address() + TRANSMIT_RING as u64;
        registers.set(Reg::Tdbal, address as u32);
        registers.set(Reg::Tdbah, (address >> 32) as u32);
        registers.set(Reg::Tdlen, RING_BYTES as u32);
        registers.set(Reg::Tdwbal, 0);
        registers.set(Reg::Tdh, 0);
        registers.set(Reg::Tdt, 0);
        registers.set(Reg::Txdctl, TXDCTL | QUEUE_ENABLE);
    }

    /// Sets the contexts that frames refer to. The queue is on.
    pub fn start(&mut self, registers: &mut impl Mmio, shared: &mut impl Dma) {
        for words in contexts() {
            self.put(shared, words);
        }
        self.flush(registers);
    }

    /// Descriptors that the device may still use.
    fn used(&self) -> usize {
        (self.next + DESCRIPTORS - self.oldest) % DESCRIPTORS
    }

    /// Whether one more frame fits. Takes back what the device has sent when the ring gets full.
    pub fn has_room(&mut self, shared: &impl Dma) -> bool {
        if self.used() > DESCRIPTORS / 2 {
            self.reclaim(shared);
        }
        self.used() < DESCRIPTORS - 1
    }

    /// From report to report, as far as the device has come. A device that reports too early only
    /// spoils its own frames.
    fn reclaim(&mut self, shared: &impl Dma) {
        loop {
            let report = self.oldest | (REPORT_BATCH - 1);
            let batch = report + 1 - self.oldest;
            let at = TRANSMIT_RING + report * DESCRIPTOR_BYTES;
            if self.used() < batch || !is_done(shared.read64(at + 8)) {
                return;
            }
            self.oldest = (report + 1) % DESCRIPTORS;
        }
    }

    /// Lets `f` write a frame of `len` bytes and queues it. There is room.
    pub fn send<T>(
        &mut self,
        registers: &mut impl Mmio,
        shared: &mut impl Dma,
        outgoing: &mut impl Outgoing,
        len: usize,
        f: impl FnOnce(&mut [u8]) -> (Offload, T),
    ) -> T {
        let offset = self.next * BUFFER_BYTES;
        let padded = len.max(MIN_OFFLOAD);
        let (offload, result) = outgoing.fill(offset, padded, |bytes| {
            let (used, padding) = bytes.split_at_mut(len);
            padding.fill(0);
            f(used)
        });
        let report = self.next % REPORT_BATCH == REPORT_BATCH - 1;
        let address = outgoing.bus_address() + offset as u64;
        self.put(shared, frame(address, padded, offload, report));
        if self.waiting >= FLUSH_BATCH {
            self.flush(registers);
        }
        result
    }

    /// Queues a frame that is somewhere else. There is room.
    pub fn send_from(&mut self, shared: &mut impl Dma, address: u64) {
        self.put(shared, frame(address, MIN_OFFLOAD, Offload::None, false));
    }

    fn put(&mut self, shared: &mut impl Dma, words: [u64; 2]) {
        let at = TRANSMIT_RING + self.next * DESCRIPTOR_BYTES;
        shared.write64(at, words[0]);
        shared.write64(at + 8, words[1]);
        self.next = (self.next + 1) % DESCRIPTORS;
        self.waiting += 1;
    }

    /// Tells the device about all frames that were queued.
    pub fn flush(&mut self, registers: &mut impl Mmio) {
        if core::mem::take(&mut self.waiting) > 0 {
            fence(Ordering::Release);
            registers.set(Reg::Tdt, self.next as u32);
        }
    }
}
