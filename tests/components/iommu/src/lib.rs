// SPDX-License-Identifier: BSD-2-Clause
//! What the programs of these systems share: a device that obeys its attacker in everything, QEMU's
//! edu, and the memory that it is set on.
//!
//! Where things are is said in the system descriptions. Memory has the same address for programs,
//! for the device and (where it matters) physically, so that the same attack can be tried without
//! and with a guard.
#![no_std]

mod edu;
mod memory;

pub use edu::{Direction, EDU, Edu, compatible, remappable};
pub use memory::Memory;

use core::time::Duration;

use sel4_microkit::{
    Channel,
    ipc::{self, Event},
};
use sel4_test::Failure;
use timer_interface::Timer;

/// The IOMMU manager.
pub const MANAGER: Channel = Channel::new(1);
/// The timer.
pub const TIMER: Channel = Channel::new(2);
/// The interrupt of the device.
pub const OWN: Channel = Channel::new(7);
/// The interrupt of another device, the disk controller, which is at rest: whatever raises it is forged.
pub const FOREIGN: Channel = Channel::new(8);

/// Memory that is granted to the device, 8 KiB.
pub const ARENA: u64 = 0x1001_0000;
/// Memory that it may only read, 4 KiB.
pub const READ_ONLY: u64 = 0x1002_0000;
/// Memory of somebody else, 4 KiB.
pub const VICTIM: u64 = 0x1000_0000;
/// Where the IOMMU's tables are, whose first page is the root table.
pub const TABLES: u64 = 0x1010_0000;
/// Where the kernel is.
pub const KERNEL: u64 = 0x10_0000;

/// The device takes 100 ms for each transfer.
const TRANSFER: Duration = Duration::from_millis(110);

/// The device, the clock, and what came from elsewhere meanwhile.
pub struct Bench {
    /// The device.
    pub edu: Edu,
    timer: Timer<Channel>,
    pending: u64,
}

impl Bench {
    /// With the device in its first state.
    ///
    /// # Errors
    ///
    /// A skip where there is no such device.
    pub fn new() -> Result<Self, Failure> {
        test_support::event::drain();
        for irq in [OWN, FOREIGN] {
            irq.irq_ack()?;
        }
        Ok(Self {
            edu: Edu::new()?,
            timer: Timer::new(TIMER),
            pending: 0,
        })
    }

    /// Starts a transfer between the device's buffer and memory, and waits until it is over.
    pub fn transfer(&mut self, direction: Direction, at: u64, bytes: u32) -> Result<(), Failure> {
        self.edu.start(direction, at, bytes);
        self.finish()
    }

    /// Waits for the transfer that was started.
    pub fn finish(&mut self) -> Result<(), Failure> {
        self.pass(TRANSFER)?;
        while self.edu.busy() {
            self.pass(TRANSFER)?;
        }
        Ok(())
    }

    /// Lets time pass, in which others run.
    pub fn pass(&mut self, time: Duration) -> Result<(), Failure> {
        self.timer.after(0, time)?;
        while !self.took(TIMER) {
            if let Event::Notified(channels) = ipc::recv() {
                let bits = channels.iter().map(|channel| 1 << channel.index());
                self.pending |= bits.fold(0, |all: u64, bit| all | bit);
            }
        }
        self.timer.expired()?;
        Ok(())
    }

    /// Whether a notification of `channel` came since the last time.
    pub fn took(&mut self, channel: Channel) -> bool {
        let bit = 1 << channel.index();
        let came = self.pending & bit != 0;
        self.pending &= !bit;
        came
    }

    /// Has the device send its message, lets the interrupt arrive, and tells whose did.
    pub fn interrupt(&mut self, address: u64, data: u32) -> Result<(bool, bool), Failure> {
        self.edu.interrupt(address, data);
        self.pass(Duration::from_millis(1))?;
        let came = (self.took(OWN), self.took(FOREIGN));
        for (irq, came) in [(OWN, came.0), (FOREIGN, came.1)] {
            if came {
                irq.irq_ack()?;
            }
        }
        Ok(came)
    }
}
