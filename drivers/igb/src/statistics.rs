// SPDX-License-Identifier: BSD-2-Clause
//! What each virtual function sent and received (§8.18). The device counts in 32 bits and wraps;
//! here the counts are kept in 64.

use mmio::{ABSENT32, Mmio};

use crate::registers::MAX_VFS;

/// Offsets from 0x10000 + 0x100 * vf, in the order of [`Counters`].
const OFFSETS: [usize; 9] = [0x10, 0x14, 0x18, 0x34, 0x3c, 0x40, 0x44, 0x48, 0x50];

/// The counts of one virtual function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Good frames received.
    pub received: u64,
    /// Good frames sent.
    pub sent: u64,
    /// Good bytes received.
    pub received_bytes: u64,
    /// Good bytes sent.
    pub sent_bytes: u64,
    /// Multicast frames received.
    pub multicast: u64,
    /// Of the received frames, those from other functions of the device.
    pub looped_received: u64,
    /// Of the sent frames, those to other functions of the device.
    pub looped_sent: u64,
    /// Bytes of the former.
    pub looped_received_bytes: u64,
    /// Bytes of the latter.
    pub looped_sent_bytes: u64,
}

/// The counts of all virtual functions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Statistics {
    last: [[u32; OFFSETS.len()]; MAX_VFS as usize],
    total: [[u64; OFFSETS.len()]; MAX_VFS as usize],
}

impl Statistics {
    /// Reads the counts of `vf`. To be called before 4 GiB have passed since the last time: at
    /// one gigabit per second, every 30 seconds.
    pub fn update(&mut self, registers: &impl Mmio, vf: u8) {
        let index = usize::from(vf);
        let (Some(last), Some(total)) = (self.last.get_mut(index), self.total.get_mut(index))
        else {
            return;
        };
        for (n, offset) in OFFSETS.into_iter().enumerate() {
            let now = registers.read32(0x10000 + 0x100 * index + offset);
            if now == ABSENT32 {
                // The device is gone, or this is the one value in four billion: next time.
                continue;
            }
            let more = now.wrapping_sub(last[n]);
            total[n] = total[n].saturating_add(more.into());
            last[n] = now;
        }
    }

    /// The device was reset, and counts from zero.
    pub fn restarted(&mut self) {
        self.last = Default::default();
    }

    /// The counts of `vf`; zero if there is none.
    pub fn of(&self, vf: u8) -> Counters {
        let total = self.total.get(usize::from(vf)).copied().unwrap_or_default();
        let [
            received,
            sent,
            received_bytes,
            sent_bytes,
            multicast,
            looped_received,
            looped_sent,
            looped_received_bytes,
            looped_sent_bytes,
        ] = total;
        Counters {
            received,
            sent,
            received_bytes,
            sent_bytes,
            multicast,
            looped_received,
            looped_sent,
            looped_received_bytes,
            looped_sent_bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use igb_model::Card;

    #[test]
    fn counts_survive_wrapping_and_resets() {
        let (mut card, mut statistics) = (Card::new(), Statistics::default());
        let rounds = [0xffff_ff00, 0x100, 0x180];
        for value in rounds {
            card.set(0x10318, value);
            card.set(0x10334, 1);
            statistics.update(&card, 3);
        }
        assert_eq!(statistics.of(3).received_bytes, (1 << 32) + 0x180);
        assert_eq!(statistics.of(3).sent_bytes, 1);
        statistics.restarted();
        card.set(0x10318, 5);
        card.set(0x10334, ABSENT32);
        statistics.update(&card, 3);
        assert_eq!(statistics.of(3).received_bytes, (1 << 32) + 0x185);
        assert_eq!(
            statistics.of(3).sent_bytes,
            1,
            "not from a device that is gone"
        );
        assert_eq!(statistics.of(2), Counters::default());
        statistics.update(&card, 8);
        assert_eq!(statistics.of(8), Counters::default());
    }

    #[test]
    fn every_counter_has_its_register() {
        let (mut card, mut statistics) = (Card::new(), Statistics::default());
        for (n, offset) in (1..).zip([0x10, 0x14, 0x18, 0x34, 0x3c, 0x40, 0x44, 0x48, 0x50]) {
            card.set(0x10000 + offset, n);
        }
        statistics.update(&card, 0);
        let expected = Counters {
            received: 1,
            sent: 2,
            received_bytes: 3,
            sent_bytes: 4,
            multicast: 5,
            looped_received: 6,
            looped_sent: 7,
            looped_received_bytes: 8,
            looped_sent_bytes: 9,
        };
        assert_eq!(statistics.of(0), expected);
    }
}
