// SPDX-License-Identifier: BSD-2-Clause
//! Nested page faults of the guest: pages that the shadow does not have yet, and EPT violations.

use crate::capability::secondary;
use crate::decode::{instruction_pointer, linear};
use crate::host::Host;
use crate::leave::{Exit, reason};
use crate::paging::{Extended, Mapping, extended};
use crate::{Cpu, Field};

/// Rights, as EPT entries and qualifications have them.
const READ: u64 = 1;
const WRITE: u64 = 2;
const EXECUTE: u64 = 4;
/// Bits of SVM's error code.
const WAS_WRITE: u64 = 1 << 1;
const WAS_FETCH: u64 = 1 << 4;
const OF_PAGE_WALK: u64 = 1 << 33;

impl<H: Host> Cpu<H> {
    pub(crate) fn page_exit(&mut self) {
        let (error, at) = (self.guest.exit_info_1, self.guest.exit_info_2);
        let walk = error & OF_PAGE_WALK != 0;
        // QEMU reads page tables as if it wrote them.
        let need = match error {
            _ if walk => READ,
            _ if error & WAS_FETCH != 0 => EXECUTE,
            _ if error & WAS_WRITE != 0 => WRITE,
            _ => READ,
        };
        let pointer = self.get(Field::EPT_POINTER);
        match extended(&self.host, pointer, at) {
            Extended::Mapped(mapping) if mapping.rights & need == need => {
                self.map(pointer, at, mapping, walk);
            }
            Extended::Mapped(mapping) => self.violation(at, need, mapping.rights, walk),
            Extended::Absent => self.violation(at, need, 0, walk),
            Extended::Malformed => self.leave(Exit {
                physical: at,
                ..Exit::of(reason::EPT_MISCONFIGURATION)
            }),
        }
    }

    fn map(&mut self, pointer: u64, at: u64, mut mapping: Mapping, walk: bool) {
        let page = mapping.physical & !0xfff;
        if self.has_secondary(secondary::VIRTUALIZE_APIC_ACCESSES) {
            let access = self.get(Field::APIC_ACCESS);
            if page == access {
                return self.apic_page_exit(at);
            }
            if access >> mapping.bits == page >> mapping.bits {
                mapping.bits = 12;
            }
        }
        // The shim's memory, and what the hypervisor is not to see: no memory at all.
        let mut byte = [0];
        if self.host.read(page, &mut byte).is_err() {
            return self.leave(Exit {
                physical: at,
                ..Exit::of(reason::EPT_MISCONFIGURATION)
            });
        }
        if !self.host.is_whole(mapping.physical, mapping.bits) {
            mapping.bits = 12;
        }
        if walk {
            mapping.rights |= WRITE;
        }
        self.shadow.map(pointer, at, mapping);
        self.refresh_shadow();
        self.resume_delivery();
    }

    fn violation(&mut self, at: u64, need: u64, rights: u64, walk: bool) {
        const LINEAR_VALID: u64 = 1 << 7;
        const OF_TRANSLATION: u64 = 1 << 8;
        let mut qualification = need | rights << 3;
        let linear = self.linear_of(need, at, walk);
        if linear.is_some() {
            qualification |= LINEAR_VALID;
            if !walk {
                qualification |= OF_TRANSLATION;
            }
        }
        let length = self
            .instruction()
            .map_or(0, |instruction| instruction.len());
        self.leave(Exit {
            qualification,
            physical: at,
            linear: linear.unwrap_or(0),
            ..Exit::instruction(reason::EPT_VIOLATION, length)
        });
    }

    /// The linear address whose use it was, if it is the instruction or its operand.
    fn linear_of(&mut self, need: u64, at: u64, walk: bool) -> Option<u64> {
        let pointer = instruction_pointer(self.guest);
        if need == EXECUTE {
            return Some(pointer);
        }
        let instruction = self.instruction()?;
        let operand = linear(self.guest, &self.registers, &instruction)?;
        (walk
            || self
                .guest_physical(operand)
                .is_some_and(|place| place >> 12 == at >> 12))
        .then_some(operand)
    }
}
