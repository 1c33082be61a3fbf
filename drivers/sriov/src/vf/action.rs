// SPDX-License-Identifier: BSD-2-Clause
//! What is done to a virtual function, and by whom.

use core::time::Duration;

use super::Owner;

/// One thing to do. Each may be done again after it was done or failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Apply its policy in the physical function.
    Configure,
    /// Attach its DMA and interrupts to those of the owner, then let it issue requests.
    Grant(Owner),
    /// Block it wherever that is possible: bus master off, DMA blocked, interrupts not present.
    Quarantine,
    /// Bus master off, its queues in the physical function off.
    Stop,
    /// Function-level reset.
    Reset,
    /// Wait until none of its requests is under way.
    Drain,
    /// Detach its DMA and invalidate what the IOMMU remembers of it, waiting until that is done.
    InvalidateDma,
    /// The same for its interrupt entries.
    InvalidateInterrupts,
    /// Give back memory, domain id and interrupt entries.
    Free,
    /// Take its policy out of the physical function.
    Remove,
}

/// How an action went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Done,
    /// It goes on: ask again at this time. For the steps of a reset only.
    Wait(Duration),
    /// It cannot be done.
    Failed,
}

/// Whoever does it: the physical function's driver, configuration space, the IOMMU manager.
pub trait Effects {
    /// Does `action` to virtual function `vf`, or asks how far it is: it is called again until
    /// the outcome is not [`Outcome::Wait`].
    fn perform(&mut self, vf: u16, action: Action, now: Duration) -> Outcome;
}
