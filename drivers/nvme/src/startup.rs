// SPDX-License-Identifier: BSD-2-Clause
//! From any state to a controller that takes admin commands (§7.6.1), told the time.

use core::time::Duration;

use mmio::{ABSENT64, Mmio, Registers};

use crate::dma::{COMPLETIONS, Dma, SUBMISSIONS, suits};
use crate::queue::{ENTRIES, Queue};
use crate::registers::{ACQ, AQA, ASQ, CAP, CC, CSTS, INTMS, admin_head};
use crate::{Admin, Error, Result};

const CC_ENABLE: u32 = 1;
/// Entries of I/O queues, which are not used but must be stated: 64 and 16 bytes.
const CC_ENTRY_SIZES: u32 = 6 << 16 | 4 << 20;
const CSTS_READY: u32 = 1;
const CSTS_FATAL: u32 = 1 << 1;
const CAP_NVM_COMMANDS: u64 = 1 << 37;
const INTERVAL: Duration = Duration::from_millis(2);

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<T> {
    /// Nothing is to be done before this time; asking earlier does no harm.
    Wait(Duration),
    /// It is over.
    Done(T),
}

/// A start under way.
#[derive(Debug)]
pub struct Startup {
    capabilities: u64,
    limit: Duration,
    /// Made before the controller is enabled, and then waiting for it.
    queue: Option<Queue>,
}

impl Startup {
    /// Stops whatever the controller is doing.
    ///
    /// # Errors
    ///
    /// [`Error::Absent`], [`Error::Unsuitable`], [`Error::Memory`].
    pub fn start(registers: &mut impl Mmio, memory: &impl Dma, now: Duration) -> Result<Self> {
        let capabilities = registers.get(CAP);
        if capabilities == ABSENT64 {
            return Err(Error::Absent);
        }
        let smallest_page = capabilities >> 48 & 0xf;
        if smallest_page != 0 || capabilities & CAP_NVM_COMMANDS == 0 {
            return Err(Error::Unsuitable);
        }
        if !suits(memory) {
            return Err(Error::Memory);
        }
        let control = registers.get(CC);
        registers.set(CC, control & !CC_ENABLE);
        registers.set(INTMS, u32::MAX);
        let limit = now.saturating_add(timeout(capabilities));
        Ok(Self {
            capabilities,
            limit,
            queue: None,
        })
    }

    /// Goes on as far as possible at time `now`. Done: the admin queue. The memory belongs to the
    /// controller from then on.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`], [`Error::Fatal`], [`Error::Absent`].
    pub fn poll(
        &mut self,
        registers: &mut impl Mmio,
        memory: &mut impl Dma,
        now: Duration,
    ) -> Result<Progress<Admin>> {
        loop {
            let status = registers.get(CSTS);
            if status == mmio::ABSENT32 {
                return Err(Error::Absent);
            }
            let enabled = self.queue.is_some();
            // A fatal error of before is gone when the controller is idle again.
            if enabled && status & CSTS_FATAL != 0 {
                return Err(Error::Fatal);
            }
            if (status & CSTS_READY != 0) != enabled {
                if now >= self.limit {
                    return Err(Error::NotReady);
                }
                let next = now.saturating_add(INTERVAL).min(self.limit);
                return Ok(Progress::Wait(next));
            }
            if let Some(queue) = self.queue.take() {
                return Ok(Progress::Done(Admin::new(queue)));
            }
            self.queue = Some(Queue::new(memory, admin_head(self.capabilities)));
            let size = u32::from(ENTRIES - 1);
            registers.set(AQA, size << 16 | size);
            let base = memory.bus_address();
            registers.set(ASQ, base + SUBMISSIONS as u64);
            registers.set(ACQ, base + COMPLETIONS as u64);
            registers.set(CC, CC_ENTRY_SIZES | CC_ENABLE);
            self.limit = now.saturating_add(timeout(self.capabilities));
        }
    }
}

/// CAP.TO, in units of 500 ms; at least one.
fn timeout(capabilities: u64) -> Duration {
    Duration::from_millis(500 * (capabilities >> 24 & 0xff).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::memory;
    use nvme_model::{Fake, ms};

    #[test]
    fn stops_sets_up_and_enables() {
        let fake = Fake::new();
        let (mut registers, mut memory) = (fake.registers(), memory(&fake));
        fake.borrow_mut().ready_after = 3;
        let mut startup = Startup::start(&mut registers, &memory, ms(0)).unwrap();
        let mut now = ms(0);
        while let Progress::Wait(next) = startup.poll(&mut registers, &mut memory, now).unwrap() {
            now = next;
        }
        assert_eq!(now, ms(6));
        let state = fake.borrow();
        assert_eq!(state.control, 0x0046_0001);
        assert_eq!(state.queue_sizes, 63 << 16 | 63);
        assert_eq!(
            (state.submissions, state.completions),
            (0x10_0000, 0x10_1000)
        );
    }

    #[test]
    fn a_controller_that_does_not_start_is_given_up() {
        let fake = Fake::new();
        let (mut registers, mut memory) = (fake.registers(), memory(&fake));
        fake.borrow_mut().ready_after = usize::MAX;
        let mut startup = Startup::start(&mut registers, &memory, ms(0)).unwrap();
        let last = startup.poll(&mut registers, &mut memory, ms(0)).unwrap();
        assert!(matches!(last, Progress::Wait(next) if next == ms(2)));
        let result = startup.poll(&mut registers, &mut memory, ms(7500));
        assert_eq!(result.map(|_| ()), Err(Error::NotReady));
        fake.borrow_mut().fatal = true;
        let result = startup.poll(&mut registers, &mut memory, ms(1));
        assert_eq!(result.map(|_| ()), Err(Error::Fatal));
    }

    #[test]
    fn unsuitable_controllers_and_memory_are_refused() {
        for (capabilities, expected) in [
            (ABSENT64, Error::Absent),
            (0x0000_0000_0f01_07ff, Error::Unsuitable),
            (0x0001_0020_0f01_07ff, Error::Unsuitable),
        ] {
            let fake = Fake::new();
            fake.borrow_mut().capabilities = capabilities;
            let result = Startup::start(&mut fake.registers(), &memory(&fake), ms(0));
            assert_eq!(result.unwrap_err(), expected);
        }
        let fake = Fake::new();
        for (address, bytes) in [(0x10_0800, 0x3000), (0x10_0000, 0x2000), (!0xfff, 0x3000)] {
            let mut region = fake.memory();
            region.bytes = bytes;
            let memory = crate::Shared::new(region, address);
            let result = Startup::start(&mut fake.registers(), &memory, ms(0));
            assert_eq!(result.unwrap_err(), Error::Memory);
        }
    }
}
