// SPDX-License-Identifier: BSD-2-Clause
//! What firmware may have left on (a boot-time DMA guard, interrupt remapping for x2APIC, an
//! invalidation queue, protected memory), and how it is put out of the way.

use core::fmt;

use mmio::Mmio;

use crate::command::{Switch, is_on, set_switch};
use crate::registers::{Reg32, Reg64, Registers};
use crate::{Error, GlobalStatus, Result, Unit};

/// PMEN: enable, status.
const EPM: u32 = 1 << 31;
const PRS: u32 = 1 << 0;
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
    pub(crate) fn of<R: Mmio>(unit: &mut Unit<R>) -> Self {
        let (status, protected) = (unit.global_status(), unit.protected_memory());
        let mode = unit.registers().reg64(Reg64::Rtaddr) & TABLE_MODE;
        Self {
            status,
            protected,
            other_mode: status.translation() && mode != 0,
        }
    }
}

impl fmt::Display for Leftovers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}; protected memory {}",
            self.status,
            if self.protected { "on" } else { "off" }
        )?;
        if self.other_mode {
            f.write_str("; tables not in legacy mode: translation was off for a moment")?;
        }
        Ok(())
    }
}

/// Stops the events, the advanced fault log and the queue that firmware used. Translation (in
/// legacy mode) and interrupt remapping stay: their tables are exchanged while they are on.
pub(crate) fn quiesce<R: Mmio>(
    unit: &mut Unit<R>,
    leftovers: &Leftovers,
    polls: u32,
) -> Result<()> {
    let registers = unit.registers();
    registers.set32(Reg32::Fectl, MASK);
    registers.set32(Reg32::Iectl, MASK);
    set_switch(registers, Switch::AdvancedFaultLogging, false, polls)?;
    if is_on(registers, Switch::QueuedInvalidation) {
        drain_queue(registers, polls);
        set_switch(registers, Switch::QueuedInvalidation, false, polls)?;
    }
    registers.set32(Reg32::Fsts, QUEUE_ERRORS);
    if leftovers.other_mode {
        set_switch(registers, Switch::Translation, false, polls)?;
    }
    Ok(())
}

/// The queue may be switched off only when it is empty (§6.5.2). One that is stuck in an error
/// cannot be emptied without its owner: the switch decides.
fn drain_queue<R: Mmio>(registers: &mut R, polls: u32) {
    for _ in 0..polls {
        let stuck = registers.reg32(Reg32::Fsts) & QUEUE_ERRORS != 0;
        if stuck || registers.reg64(Reg64::Iqh) == registers.reg64(Reg64::Iqt) {
            return;
        }
        core::hint::spin_loop();
    }
}

/// Releases the protected memory regions (§11.4.8), now that translation guards all memory.
pub(crate) fn release_protected_memory<R: Mmio>(unit: &mut Unit<R>, polls: u32) -> Result<()> {
    if !unit.protected_memory() {
        return Ok(());
    }
    let registers = unit.registers();
    registers.set32(Reg32::Pmen, 0);
    for _ in 0..polls {
        if registers.reg32(Reg32::Pmen) & (EPM | PRS) == 0 {
            return Ok(());
        }
        core::hint::spin_loop();
    }
    Err(Error::Stuck(PRS))
}
