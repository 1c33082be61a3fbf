// SPDX-License-Identifier: BSD-2-Clause
//! The guest's use of the APIC-access page (SDM vol. 3 chapter 30.4): by MOV, as drivers do; other
//! instructions exit.

use iced_x86::{MemorySize, Mnemonic, OpKind};

use super::{EOI, ICR, TPR};
use crate::Cpu;
use crate::capability::secondary;
use crate::decode::{linear, register, set_register};
use crate::host::Host;
use crate::leave::{Exit, reason};

/// Kinds of access in a qualification.
const READ: u64 = 0;
const WRITE: u64 = 1;
const FETCH: u64 = 2;
const EVENT_DELIVERY: u64 = 3;
const WAS_WRITE: u64 = 1 << 1;
const WAS_FETCH: u64 = 1 << 4;

impl<H: Host> Cpu<H> {
    pub(crate) fn apic_page_exit(&mut self, at: u64) {
        let (error, offset) = (self.guest.exit_info_1, at & 0xfff);
        if self.guest.exit_event >> 31 & 1 != 0 {
            return self.leave_for_apic(offset, EVENT_DELIVERY, 0);
        }
        if error & WAS_FETCH != 0 {
            return self.leave_for_apic(offset, FETCH, 0);
        }
        let write = error & WAS_WRITE != 0;
        let kind = if write { WRITE } else { READ };
        let Some(instruction) = self.instruction() else {
            return self.leave_for_apic(offset, kind, 0);
        };
        let length = instruction.len();
        let is_move = instruction.mnemonic() == Mnemonic::Mov
            && instruction.memory_size() == MemorySize::UInt32;
        let own = linear(self.guest, &self.registers, &instruction)
            .is_some_and(|operand| operand & 0xfff == offset);
        if !is_move || !own || offset & 3 != 0 {
            return self.leave_for_apic(offset, kind, length);
        }
        if write {
            let value = match instruction.op1_kind() {
                OpKind::Register => {
                    register(self.guest, &self.registers, instruction.op1_register())
                }
                _ => Some(instruction.immediate(1)),
            };
            return self.write_apic_page(offset, value.unwrap_or(0) as u32, length);
        }
        if !self.reads_are_virtual(offset) {
            return self.leave_for_apic(offset, READ, length);
        }
        let value = self.apic(offset);
        set_register(
            self.guest,
            &mut self.registers,
            instruction.op0_register(),
            value.into(),
        );
        self.skip(length as u64);
    }

    /// SDM 30.4.2.
    fn reads_are_virtual(&self, offset: u64) -> bool {
        if offset == TPR {
            return true;
        }
        let registers = self.has_secondary(secondary::APIC_REGISTER_VIRTUALIZATION);
        let delivery = self.delivers() && matches!(offset, EOI | ICR);
        let known = matches!(
            offset,
            0x20 | 0x30 | 0x80 | 0xb0 | 0xd0 | 0xe0 | 0xf0 | 0x100..=0x270 | 0x280 | 0x300 | 0x310
                | 0x320..=0x370 | 0x380 | 0x3e0
        );
        offset & 0xf == 0 && (delivery || (registers && known))
    }

    /// SDM 30.4.3.
    fn write_apic_page(&mut self, offset: u64, value: u32, length: usize) {
        let registers = self.has_secondary(secondary::APIC_REGISTER_VIRTUALIZATION);
        let known = matches!(
            offset,
            0x20 | 0x80 | 0xb0 | 0xd0 | 0xe0 | 0xf0 | 0x280 | 0x300 | 0x310 | 0x320
                ..=0x370 | 0x380 | 0x3e0
        );
        let delivery = self.delivers() && matches!(offset, EOI | ICR);
        if !(offset == TPR || delivery || (registers && known)) {
            return self.leave_for_apic(offset, WRITE, length);
        }
        self.set_apic(offset, value);
        self.skip(length as u64);
        match offset {
            TPR => self.task_priority_changed(),
            EOI if self.delivers() => self.end_of_interrupt(),
            ICR if self.delivers() && is_self_ipi(value) => self.request(value as u8),
            // The upper half of the interrupt command waits for the lower.
            0x310 => {}
            _ => self.leave(Exit {
                qualification: offset,
                ..Exit::of(reason::APIC_WRITE)
            }),
        }
    }

    fn leave_for_apic(&mut self, offset: u64, kind: u64, length: usize) {
        self.leave(Exit {
            qualification: offset | kind << 12,
            ..Exit::instruction(reason::APIC_ACCESS, length)
        });
    }
}

/// Fixed, edge, to itself, of a vector that is one (SDM 30.1.5).
const fn is_self_ipi(command: u32) -> bool {
    let reserved = command & 0xfff3_2000 != 0;
    !reserved
        && command >> 18 & 3 == 1
        && command >> 8 & 7 == 0
        && command >> 15 & 1 == 0
        && command & 0xf0 != 0
}
