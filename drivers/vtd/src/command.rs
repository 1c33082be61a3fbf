// SPDX-License-Identifier: BSD-2-Clause
//! The global command register (§11.4.4). Each write changes one thing: it repeats the switches
//! that GSTS shows to be on, leaves out the one-shot bits that GSTS also shows, and adds or
//! removes one. Then it waits for GSTS to follow.

use mmio::Mmio;

use crate::registers::{Reg32, Registers};
use crate::{Capabilities, Error, Result};

/// Bits that stay as they were written: TE, EAFL, QIE, IRE, CFI.
const SWITCHES: u32 = 1 << 31 | 1 << 28 | 1 << 26 | 1 << 25 | 1 << 23;

/// What is either on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Switch {
    Translation = 1 << 31,
    AdvancedFaultLogging = 1 << 28,
    QueuedInvalidation = 1 << 26,
    InterruptRemapping = 1 << 25,
    CompatibilityInterrupts = 1 << 23,
}

/// What is done once when asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Trigger {
    RootTable = 1 << 30,
    InterruptTable = 1 << 24,
}

const WRITE_BUFFER_FLUSH: u32 = 1 << 27;

/// Whether a switch is on.
pub(crate) fn is_on<R: Mmio>(registers: &R, switch: Switch) -> bool {
    registers.reg32(Reg32::Gsts) & switch as u32 != 0
}

/// Brings a switch into a position, if it is not there.
pub(crate) fn set_switch<R: Mmio>(
    registers: &mut R,
    switch: Switch,
    on: bool,
    polls: u32,
) -> Result<()> {
    if is_on(registers, switch) == on {
        return Ok(());
    }
    let others = registers.reg32(Reg32::Gsts) & SWITCHES & !(switch as u32);
    registers.set32(Reg32::Gcmd, others | if on { switch as u32 } else { 0 });
    follow(registers, switch as u32, on, polls)
}

/// Has a table pointer taken over.
pub(crate) fn trigger<R: Mmio>(registers: &mut R, what: Trigger, polls: u32) -> Result<()> {
    let switches = registers.reg32(Reg32::Gsts) & SWITCHES;
    registers.set32(Reg32::Gcmd, switches | what as u32);
    follow(registers, what as u32, true, polls)
}

/// Flushes the write buffer on the units that need it after a change to a table (§6.8).
pub(crate) fn flush_write_buffer<R: Mmio>(
    registers: &mut R,
    capabilities: Capabilities,
    polls: u32,
) -> Result<()> {
    if !capabilities.rwbf() {
        return Ok(());
    }
    let switches = registers.reg32(Reg32::Gsts) & SWITCHES;
    registers.set32(Reg32::Gcmd, switches | WRITE_BUFFER_FLUSH);
    follow(registers, WRITE_BUFFER_FLUSH, false, polls)
}

fn follow<R: Mmio>(registers: &R, bit: u32, on: bool, polls: u32) -> Result<()> {
    for _ in 0..polls {
        if (registers.reg32(Reg32::Gsts) & bit != 0) == on {
            return Ok(());
        }
        core::hint::spin_loop();
    }
    Err(Error::Stuck(bit))
}
