// SPDX-License-Identifier: BSD-2-Clause
//! What firmware may have left on (a boot-time DMA guard, interrupt remapping for x2APIC, an
//! invalidation queue, protected memory), and how it is put out of the way.

use core::fmt;

use mmio::{Mmio, Registers};

use super::{Engine, GlobalStatus};
use crate::registers::{FECTL, FSTS, IECTL, IQH, IQT, PMEN, RTADDR};
use crate::{Result, Unit};

/// FECTL, IECTL: interrupt mask.
const MASK: u32 = 1 << 31;
/// FSTS: the invalidation queue's errors, which stop it.
const QUEUE_ERRORS: u32 = 1 << 4 | 1 << 5 | 1 << 6;
/// RTADDR: the kind of tables that the root pointer leads to (§11.4.5).
const TABLE_MODE: u64 = 3 << 10;

/// The state in which a unit was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leftovers {
    /// Global status.
    pub status: GlobalStatus,
    /// Memory was kept from all DMA.
    pub protected: bool,
    /// Translation was on in another mode than legacy (abort-DMA or scalable). It had to be off
    /// for a moment, since the mode cannot change while it is on.
    pub other_mode: bool,
}

impl Leftovers {
    pub(super) fn of<R: Mmio>(unit: &Unit<R>) -> Self {
        let status = unit.global_status();
        let other_mode = unit.registers.get(RTADDR) & TABLE_MODE != 0;
        Self {
            status,
            protected: unit.protected_memory(),
            other_mode: other_mode && status.has(GlobalStatus::TES),
        }
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protected = if self.protected { "on" } else { "off" };
        write!(f, "{}; protected memory {protected}", self.status)?;
        if self.other_mode {
            f.write_str("; tables not in legacy mode: translation was off for a moment")?;
        }
        Ok(())
    }
}

impl<R: Mmio> Engine<R> {
    /// Stops the events, the advanced fault log and the queue that firmware used. Translation (in
    /// legacy mode) and interrupt remapping stay: their tables are exchanged while they are on.
    pub(super) fn quiesce(&mut self) -> Result<()> {
        self.unit.registers.set(FECTL, MASK);
        self.unit.registers.set(IECTL, MASK);
        self.command(GlobalStatus::AFLS, false)?;
        if self.leftovers.status.has(GlobalStatus::QIES) {
            // The queue may be switched off only when it is empty (§6.5.2). One that is stuck in
            // an error cannot be emptied without its owner: the switch decides.
            let _ = self.wait(0, |registers| {
                let stuck = registers.get(FSTS) & QUEUE_ERRORS != 0;
                stuck || registers.get(IQH) == registers.get(IQT)
            });
            self.command(GlobalStatus::QIES, false)?;
        }
        self.unit.registers.set(FSTS, QUEUE_ERRORS);
        if self.leftovers.other_mode {
            self.command(GlobalStatus::TES, false)?;
        }
        Ok(())
    }

    /// Releases the protected memory regions (§11.4.8), now that translation guards all memory.
    pub(super) fn release_protected_memory(&mut self) -> Result<()> {
        if !self.unit.protected_memory() {
            return Ok(());
        }
        self.unit.registers.set(PMEN, 0);
        self.wait(Unit::<R>::PROTECTED, |registers| {
            registers.get(PMEN) & Unit::<R>::PROTECTED == 0
        })
    }
}
