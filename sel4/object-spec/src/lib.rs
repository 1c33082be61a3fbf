// SPDX-License-Identifier: BSD-2-Clause
//! The kernel objects of a system, as the image tool describes them to the initial task, and the
//! plan of where in physical memory each of them goes.
//!
//! [`Spec`] is the description: flat lists that name each other by index. [`Spec::decode`] accepts
//! nothing that points outside, so the initial task can follow every index. [`plan`] decides which
//! untyped memory each object is made from; it knows seL4's rules for that, but makes no system call,
//! so it is tested on the host.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod capabilities;
mod check;
mod encoding;
mod explain;
mod memory;
mod objects;
pub mod plan;
mod threads;

use alloc::vec::Vec;

use borsh::{BorshDeserialize, BorshSerialize};

pub use capabilities::{CapData, Capability, Rights};
pub use encoding::DecodeError;
pub use memory::{BootinfoKind, Fill, FillSource, Mapping};
pub use objects::{IrqSource, Kind, Object, ObjectId, PageSize, TableLevel};
pub use threads::{Interrupt, Schedule, ScheduleEntry, Thread};

/// End of the addresses that a protection domain or a guest may use, exclusive.
pub const USER_TOP: u64 = 0x7fff_ffff_f000;
/// Highest interrupt number that user level may ask for; the CPU's vector is 0x30 more.
pub const MAX_IRQ: u8 = 107;

/// A whole system.
#[derive(Debug, Clone, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Spec {
    /// Everything that gets a capability in the initial task's CNode.
    pub objects: Vec<Object>,
    /// Frames in address spaces of protection domains and guests.
    pub mappings: Vec<Mapping>,
    /// Initial content of frames; what no fill covers is zero.
    pub fills: Vec<Fill>,
    /// Capabilities in the CNodes of the spec.
    pub capabilities: Vec<Capability>,
    /// What each interrupt signals.
    pub interrupts: Vec<Interrupt>,
    /// Threads in the order in which they are started.
    pub threads: Vec<Thread>,
    /// The domain schedule, if not the kernel's own, where domain 0 always runs.
    pub schedule: Option<Schedule>,
}

impl Spec {
    /// Slots of the initial task's CNode that the capabilities of all objects and mappings take.
    ///
    /// An object's own capabilities serve its first mapping; seL4 wants a capability of its own for
    /// each further one.
    pub fn slots(&self) -> u64 {
        let own: u64 = self
            .objects
            .iter()
            .map(|object| u64::from(object.kind.slots()))
            .sum();
        own + self
            .copied_mappings()
            .map(|mapping| u64::from(mapping.count))
            .sum::<u64>()
    }

    /// Mappings of objects that an earlier mapping has mapped already.
    fn copied_mappings(&self) -> impl Iterator<Item = &Mapping> {
        let mut mapped = alloc::vec![false; self.objects.len()];
        self.mappings.iter().filter(
            move |mapping| match mapped.get_mut(mapping.frames as usize) {
                Some(seen) => core::mem::replace(seen, true),
                None => false,
            },
        )
    }
}

#[cfg(test)]
mod tests;
