// SPDX-License-Identifier: BSD-2-Clause
//! The hardware that a sequence runs on, as far as the driver does not reach it.

use pci::Message;
use vtd::{Bdf, Capabilities, Fault, Hpa};

use crate::Done;

/// 8 bytes that a device moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dma {
    /// The unit that the device is behind.
    pub unit: usize,
    /// The device.
    pub device: Bdf,
    /// The address that it uses.
    pub at: u64,
    /// Whether it writes to memory.
    pub write: bool,
    /// Whether the address is granted to the device, be it with other rights.
    pub granted: bool,
}

/// What an interrupt message becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// A processor gets a vector.
    Remapped {
        /// The vector.
        vector: u8,
        /// The processor's local APIC.
        destination: u32,
    },
    /// The vector's bit is set in a descriptor.
    Posted {
        /// The vector.
        vector: u8,
        /// The descriptor.
        descriptor: Hpa,
    },
}

/// What comes of a request: something, or the reason of a fault.
pub type Outcome<T> = Result<T, u8>;

/// Devices, and what can be seen of what they do.
pub trait Hardware {
    /// A descriptor that interrupts may be posted to; used only if some unit posts.
    fn descriptor(&self) -> Hpa;

    /// Carries a transfer out and compares what comes of it with the memory address that it is to
    /// reach, or the reason why it is to be stopped.
    ///
    /// # Errors
    ///
    /// The difference.
    fn dma(&mut self, dma: Dma, expected: Outcome<u64>) -> Done;

    /// Has `source` send a message, and compares what comes of it.
    ///
    /// # Errors
    ///
    /// The difference.
    fn message(
        &mut self,
        unit: usize,
        source: Bdf,
        message: Message,
        expected: Outcome<Arrival>,
    ) -> Done;

    /// Lets the invalidation queue of `unit` run into trouble after some descriptors, if this
    /// hardware can.
    fn trouble(&mut self, _unit: usize, _after: usize, _timeout: bool) {}

    /// Whether the record of a fault is what it should be.
    fn agrees(&mut self, expected: Option<Fault>, found: Option<Fault>) -> bool {
        expected == found
    }

    /// Looks, after an operation that succeeded, for what else went wrong.
    ///
    /// # Errors
    ///
    /// What did.
    fn look(&mut self) -> Done {
        Ok(())
    }
}

/// What a unit can do, as far as it decides what the driver must refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abilities {
    /// Tables of 3 levels.
    pub three_levels: bool,
    /// Tables of 4 levels.
    pub four_levels: bool,
    /// 2 MiB pages.
    pub mega: bool,
    /// Interrupt posting.
    pub posting: bool,
}

impl Abilities {
    /// Those that a unit announces.
    pub fn of(capabilities: Capabilities) -> Self {
        Self {
            three_levels: capabilities.levels(3),
            four_levels: capabilities.levels(4),
            mega: capabilities.leaves(2),
            posting: capabilities.has(Capabilities::PI),
        }
    }
}
