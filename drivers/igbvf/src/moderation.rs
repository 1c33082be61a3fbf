// SPDX-License-Identifier: BSD-2-Clause
//! How often the function may interrupt (§7.3.4).
//!
//! One frame alone is answered at once: a throttled vector would hold back the second half of every
//! request and reply. A function under load has more frames waiting than it interrupts for, so
//! waiting costs it nothing and saves an interrupt, with its way through the kernel, for each frame.
//! The load is what one pass finds.

use core::time::Duration;

use mmio::Mmio;

use crate::registers::{Reg, Registers};

/// The time between two interrupts under load: 20,000 in a second. 64 KiB, which is what TCP keeps
/// under way here, pass through a gigabit link in ten times as long, so throughput does not suffer.
pub const BUSY_INTERVAL: Duration = Duration::from_micros(50);

/// So many frames in one pass are load.
const BUSY_FRAMES: usize = 16;
/// So few are none. Between the two nothing changes.
const QUIET_FRAMES: usize = 2;

/// The throttle as it is set.
#[derive(Debug, Default)]
pub struct Moderation {
    busy: bool,
}

impl Moderation {
    /// Sets it to quiet, whatever it was.
    pub fn start(&mut self, registers: &mut impl Mmio) {
        self.busy = false;
        self.write(registers);
    }

    /// A pass found this many frames. One that found none says nothing: devices and kernels raise
    /// an interrupt too many now and then.
    pub fn pass(&mut self, registers: &mut impl Mmio, frames: usize) {
        let busy = match frames {
            1..=QUIET_FRAMES => false,
            BUSY_FRAMES.. => true,
            _ => self.busy,
        };
        if busy != self.busy {
            self.busy = busy;
            self.write(registers);
        }
    }

    /// The interval is in bits 14:2, in microseconds.
    fn write(&self, registers: &mut impl Mmio) {
        let interval = if self.busy {
            (BUSY_INTERVAL.as_micros() as u32) << 2
        } else {
            0
        };
        registers.set(Reg::Eitr, interval);
    }
}

#[cfg(test)]
mod tests {
    use mmio::FakeMmio;

    use super::*;

    #[test]
    fn it_changes_with_the_load_and_only_then() {
        let mut registers = FakeMmio::<0x4000>::new();
        let mut moderation = Moderation::default();
        moderation.start(&mut registers);
        for frames in [1, 0, 15, 16, 200, 3, 0, 15, 2, 1, 17] {
            moderation.pass(&mut registers, frames);
        }
        let written: std::vec::Vec<u64> = registers.log().iter().map(|write| write.value).collect();
        assert_eq!(written, [0, 200, 0, 200]);
        assert!(registers.log().iter().all(|write| write.offset == 0x1680));
    }
}
