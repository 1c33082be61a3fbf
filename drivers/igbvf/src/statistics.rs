// SPDX-License-Identifier: BSD-2-Clause
//! What the function received and sent (§8.26). The device counts in 32 bits and wraps; here the
//! counts are kept in 64.

use mmio::{ABSENT32, Mmio};

/// The registers, in the order of [`Counters`].
const OFFSETS: [usize; 5] = [0x0f10, 0x0f14, 0x0f18, 0x0f34, 0x0f3c];

/// What the device counted since the driver started.
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
}

#[derive(Debug, Default)]
pub struct Statistics {
    last: [u32; OFFSETS.len()],
    total: [u64; OFFSETS.len()],
}

impl Statistics {
    /// Counts from here. The registers go on over a reset of the function.
    pub fn start(&mut self, registers: &impl Mmio) {
        self.last = OFFSETS.map(|offset| registers.read32(offset));
    }

    /// Reads the registers. To be called before 4 GiB have passed since the last time: at one
    /// gigabit per second, every 30 seconds.
    pub fn update(&mut self, registers: &impl Mmio) {
        for (n, offset) in OFFSETS.into_iter().enumerate() {
            let now = registers.read32(offset);
            if now == ABSENT32 {
                // The device is gone, or this is the one value in four billion: next time.
                continue;
            }
            let more = now.wrapping_sub(self.last[n]);
            self.total[n] = self.total[n].saturating_add(more.into());
            self.last[n] = now;
        }
    }

    pub fn counters(&self) -> Counters {
        let [received, sent, received_bytes, sent_bytes, multicast] = self.total;
        Counters {
            received,
            sent,
            received_bytes,
            sent_bytes,
            multicast,
        }
    }
}

#[cfg(test)]
mod tests {
    use mmio::FakeMmio;

    use super::*;

    #[test]
    fn counts_wrap_and_absent_registers_count_nothing() {
        let mut registers = FakeMmio::<0x1000>::new();
        let mut statistics = Statistics::default();
        registers.set32(0x0f18, 0xffff_fff0);
        statistics.start(&registers);
        registers.set32(0x0f10, 1);
        registers.set32(0x0f18, 0x40);
        registers.set32(0x0f14, ABSENT32);
        statistics.update(&registers);
        statistics.update(&registers);
        let expected = Counters {
            received: 1,
            received_bytes: 0x50,
            ..Counters::default()
        };
        assert_eq!(statistics.counters(), expected);
    }
}
