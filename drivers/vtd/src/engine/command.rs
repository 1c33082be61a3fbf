// SPDX-License-Identifier: BSD-2-Clause
//! The global command and status registers (§11.4.4). Each write changes one thing: it repeats the
//! switches that GSTS shows to be on, leaves out the one-shot bits that GSTS also shows, and adds
//! or removes one. Then it waits for GSTS to follow.

use mmio::{Mmio, Registers};

use super::Engine;
use crate::list::flags;
use crate::registers::{GCMD, GSTS};
use crate::{Capabilities, Error, Result};

flags! {
    /// GSTS_REG, whose bits are where those of GCMD_REG are.
    GlobalStatus: u32 {
        31 TES "DMA remapping",
        25 IRES "interrupt remapping",
        30 RTPS "root table",
        24 IRTPS "interrupt table",
        26 QIES "queued invalidation",
        23 CFIS "compatibility interrupts",
        28 AFLS "advanced fault log",
        27 WBFS "write buffer flush",
    }
}

/// What stays on until it is switched off: TES, AFLS, QIES, IRES, CFIS. The rest is done once when
/// asked for.
const SWITCHES: GlobalStatus = GlobalStatus(1 << 31 | 1 << 28 | 1 << 26 | 1 << 25 | 1 << 23);

impl<R: Mmio> Engine<R> {
    /// Brings a switch into a position, has a table pointer taken over, or has the write buffer
    /// flushed.
    pub(super) fn command(&mut self, bit: GlobalStatus, on: bool) -> Result<()> {
        let status = self.unit.global_status();
        if SWITCHES.has(bit) && status.has(bit) == on {
            return Ok(());
        }
        let others = status.0 & SWITCHES.0 & !bit.0;
        let command = others | if on { bit.0 } else { 0 };
        self.unit.registers.set(GCMD, command);
        // The write buffer's bit is set until the flush is done; all others follow the command.
        let done = on && bit != GlobalStatus::WBFS;
        self.wait(bit.0, |registers| {
            GlobalStatus(registers.get(GSTS)).has(bit) == done
        })
    }

    /// Makes changes of tables take effect that need no invalidation (§6.8).
    pub(crate) fn publish(&mut self) -> Result<()> {
        if self.capabilities().has(Capabilities::RWBF) {
            self.command(GlobalStatus::WBFS, true)
        } else {
            Ok(())
        }
    }

    /// Polls until something holds; `bits` is what hardware is stuck at if it does not.
    pub(super) fn wait(&self, bits: u32, holds: impl Fn(&R) -> bool) -> Result<()> {
        for _ in 0..self.config.polls {
            if holds(&self.unit.registers) {
                return Ok(());
            }
            core::hint::spin_loop();
        }
        Err(Error::Stuck(bits))
    }
}
