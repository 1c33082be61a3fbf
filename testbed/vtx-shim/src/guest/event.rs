// SPDX-License-Identifier: BSD-2-Clause
//! Exceptions of the guest that are stopped.

use crate::capability::primary;
use crate::host::Host;
use crate::leave::{Exit, reason};
use crate::{Cpu, Field};

const PAGE_FAULT: u8 = 14;
const DEBUG: u8 = 1;
const BREAKPOINT: u8 = 3;
const OVERFLOW: u8 = 4;
const INVALID_OPCODE: u8 = 6;

impl<H: Host> Cpu<H> {
    /// An exception: the hypervisor's if the bitmap has it.
    pub(crate) fn exception_exit(&mut self, vector: u8) {
        let error = has_error(vector).then_some(self.guest.exit_info_1 as u32);
        match vector {
            INVALID_OPCODE => return self.invalid_opcode_exit(),
            DEBUG if self.has(Field::PRIMARY, primary::MONITOR_TRAP) => return self.step_exit(),
            PAGE_FAULT if !self.page_fault_exits() => {
                self.guest.cr2 = self.guest.exit_info_2;
                return self.raise(vector, error);
            }
            _ => {}
        }
        self.leave_for_exception(vector, error);
    }

    /// A page fault exits where error code, mask and match say so (SDM 26.2).
    fn page_fault_exits(&self) -> bool {
        let masked = self.guest.exit_info_1 & self.get(Field::PAGE_FAULT_MASK);
        let matches = masked == self.get(Field::PAGE_FAULT_MATCH);
        let bit = self.get(Field::EXCEPTION_BITMAP) >> PAGE_FAULT & 1 != 0;
        matches == bit
    }

    pub(crate) fn leave_for_exception(&mut self, vector: u8, error: Option<u32>) {
        const HARDWARE: u64 = 3;
        const SOFTWARE: u64 = 6;
        let kind = if matches!(vector, BREAKPOINT | OVERFLOW) {
            SOFTWARE
        } else {
            HARDWARE
        };
        let error = error.map_or(0, |code| 1 << 11 | u64::from(code) << 32);
        let qualification = match vector {
            PAGE_FAULT => self.guest.exit_info_2,
            DEBUG => self.guest.dr6 & 0x600f,
            _ => 0,
        };
        let length = match kind {
            SOFTWARE => self
                .instruction()
                .map_or(1, |instruction| instruction.len()),
            _ => 0,
        };
        self.leave(Exit {
            qualification,
            event: 1 << 31 | kind << 8 | u64::from(vector) | error,
            ..Exit::instruction(reason::EXCEPTION, length)
        });
    }
}

/// Exceptions that push an error code.
const fn has_error(vector: u8) -> bool {
    matches!(vector, 8 | 10..=14 | 17)
}
