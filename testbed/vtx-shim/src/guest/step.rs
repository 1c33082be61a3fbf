// SPDX-License-Identifier: BSD-2-Clause
//! The monitor trap flag (SDM 26.5.2), by RFLAGS.TF, which the guest could see in what PUSHF and
//! interrupts push.

use crate::capability::primary;
use crate::host::Host;
use crate::leave::{Exit, reason};
use crate::{Cpu, Field};

const TRAP: u64 = 1 << 8;
const DEBUG: u32 = 1 << 1;
const DR6_SINGLE_STEP: u64 = 1 << 14;

impl<H: Host> Cpu<H> {
    /// Has the guest stop after an instruction, if that is wanted.
    pub(crate) fn start_step(&mut self) {
        if self.has(Field::PRIMARY, primary::MONITOR_TRAP) {
            self.trap_flag = self.guest.rflags & TRAP != 0;
            self.guest.rflags |= TRAP;
            self.guest.exceptions |= DEBUG;
        }
    }

    /// The guest has its flag back.
    pub(crate) fn end_step(&mut self) {
        if self.has(Field::PRIMARY, primary::MONITOR_TRAP) && !self.trap_flag {
            self.guest.rflags &= !TRAP;
        }
    }

    /// A debug exception while it was to stop after an instruction.
    pub(crate) fn step_exit(&mut self) {
        if self.guest.dr6 & DR6_SINGLE_STEP == 0 {
            return self.leave_for_exception(1, None);
        }
        self.guest.dr6 &= !DR6_SINGLE_STEP;
        self.leave(Exit::of(reason::MONITOR_TRAP));
    }
}
