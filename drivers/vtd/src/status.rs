// SPDX-License-Identifier: BSD-2-Clause
//! What state a unit is in (§11.4.4.2).

use core::fmt;

use crate::list::flags;

flags! {
    /// GSTS_REG.
    GlobalStatus: u32 {
        31 translation "DMA remapping",
        25 interrupt_remapping "interrupt remapping",
        30 root_table "root table",
        24 interrupt_table "interrupt table",
        26 queued_invalidation "queued invalidation",
        23 compatibility_interrupts "compatibility interrupts",
    }
}

impl fmt::Display for GlobalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_names(f)
    }
}
