// SPDX-License-Identifier: BSD-2-Clause
//! The virtual APIC of the guest (SDM vol. 3 chapter 30): virtualised accesses, virtual-interrupt
//! delivery, posted interrupts.

mod access;
mod posted;

use crate::capability::{primary, secondary};
use crate::host::Host;
use crate::leave::{Exit, reason};
use crate::{Cpu, Field};

/// Offsets in the virtual-APIC page.
const TPR: u64 = 0x80;
const PPR: u64 = 0xa0;
const EOI: u64 = 0xb0;
const ISR: u64 = 0x100;
const IRR: u64 = 0x200;
const ICR: u64 = 0x300;
const SELF_IPI: u64 = 0x3f0;

/// The class of a priority or vector.
const fn class(vector: u8) -> u8 {
    vector >> 4
}

impl<H: Host> Cpu<H> {
    fn apic(&self, offset: u64) -> u32 {
        (self.host.read_u32(self.get(Field::VIRTUAL_APIC) + offset)).unwrap_or(0)
    }

    fn set_apic(&self, offset: u64, value: u32) {
        let at = self.get(Field::VIRTUAL_APIC) + offset;
        let _ = self.host.write(at, &value.to_le_bytes());
    }

    /// The highest of the 256 bits from `base` on.
    fn highest(&self, base: u64) -> u8 {
        let words = (0..8)
            .rev()
            .map(|i| (i, self.apic(base + 16 * u64::from(i))));
        let found = words.into_iter().find(|(_, bits)| *bits != 0);
        found.map_or(0, |(i, bits): (u8, u32)| {
            i * 32 + (31 - bits.leading_zeros() as u8)
        })
    }

    fn set_bit(&self, base: u64, vector: u8, on: bool) {
        let at = base + u64::from(vector / 32) * 16;
        let bit = 1 << (vector % 32);
        let word = self.apic(at);
        self.set_apic(at, if on { word | bit } else { word & !bit });
    }

    /// The highest requested interrupt, and the highest in service.
    fn status(&self) -> (u8, u8) {
        let status = self.get(Field::INTERRUPT_STATUS);
        (status as u8, (status >> 8) as u8)
    }

    fn set_status(&self, requested: u8, in_service: u8) {
        let status = u64::from(requested) | u64::from(in_service) << 8;
        self.set(Field::INTERRUPT_STATUS, status);
    }

    pub(crate) fn delivers(&self) -> bool {
        self.has_secondary(secondary::VIRTUAL_INTERRUPT_DELIVERY)
    }

    /// The virtual task priority.
    pub(crate) fn task_priority(&self) -> u64 {
        u64::from(self.apic(TPR) & 0xff)
    }

    /// SDM 30.1.3.
    fn update_processor_priority(&self) {
        let (task, (_, in_service)) = (self.task_priority() as u8, self.status());
        let priority = if class(task) >= class(in_service) {
            task
        } else {
            in_service & 0xf0
        };
        self.set_apic(PPR, priority.into());
    }

    /// The interrupt that is recognised as pending (SDM 30.2.1).
    pub(crate) fn virtual_interrupt(&self) -> Option<u8> {
        if !self.delivers() {
            return None;
        }
        let (requested, _) = self.status();
        (class(requested) > class(self.apic(PPR) as u8)).then_some(requested)
    }

    /// Delivers it (SDM 30.2.2).
    pub(crate) fn deliver(&mut self, vector: u8) {
        self.set_bit(ISR, vector, true);
        self.set_apic(PPR, u32::from(vector & 0xf0));
        self.set_bit(IRR, vector, false);
        self.set_status(self.highest(IRR), vector);
        self.guest.event = 1 << 31 | u64::from(vector);
        self.halted = false;
    }

    /// What an entry does (SDM 27.3.2.5, 27.7.5).
    pub(crate) fn apic_at_entry(&mut self) {
        if self.delivers() {
            self.update_processor_priority();
        } else if self.has(Field::PRIMARY, primary::TPR_SHADOW)
            && !self.has_secondary(secondary::VIRTUALIZE_APIC_ACCESSES)
        {
            self.check_threshold();
        }
    }

    /// The task priority has changed (SDM 30.1.2).
    fn task_priority_changed(&mut self) {
        if self.delivers() {
            self.update_processor_priority();
        } else {
            self.check_threshold();
        }
    }

    fn check_threshold(&mut self) {
        let threshold = self.get(Field::TPR_THRESHOLD) & 0xf;
        if (self.task_priority() >> 4) < threshold {
            self.leave(Exit::of(reason::TPR_BELOW_THRESHOLD));
        }
    }

    /// MOV to CR8.
    pub(crate) fn write_cr8(&mut self, value: u64, length: u64) {
        if value >> 4 != 0 {
            return self.general_protection();
        }
        self.set_apic(TPR, (value as u32) << 4);
        self.skip(length);
        self.task_priority_changed();
    }

    /// SDM 30.1.4.
    fn end_of_interrupt(&mut self) {
        let (requested, vector) = self.status();
        self.set_bit(ISR, vector, false);
        self.set_status(requested, self.highest(ISR));
        self.update_processor_priority();
        let bitmap = self.get(Field::EOI_EXIT_0.segment(usize::from(vector / 64)));
        if bitmap >> (vector % 64) & 1 != 0 {
            self.leave(Exit {
                qualification: vector.into(),
                ..Exit::of(reason::VIRTUALIZED_EOI)
            });
        }
    }

    /// SDM 30.1.5: an interrupt of the guest for itself.
    fn request(&mut self, vector: u8) {
        self.set_bit(IRR, vector, true);
        let (requested, in_service) = self.status();
        self.set_status(requested.max(vector), in_service);
    }

    /// RDMSR of an x2APIC register, if it is virtualised (SDM 30.5).
    pub(crate) fn read_x2apic(&self, msr: u32) -> Option<u64> {
        let offset = u64::from(msr & 0xff) << 4;
        let virtualised = self.has_secondary(secondary::VIRTUALIZE_X2APIC)
            && (offset == TPR || self.has_secondary(secondary::APIC_REGISTER_VIRTUALIZATION));
        virtualised.then(|| {
            let upper = if offset == ICR {
                u64::from(self.apic(ICR + 4)) << 32
            } else {
                0
            };
            u64::from(self.apic(offset)) | upper
        })
    }

    /// WRMSR of one, if it is virtualised: whether it is allowed.
    pub(crate) fn write_x2apic(&mut self, msr: u32, value: u64, length: u64) -> Option<bool> {
        if !self.has_secondary(secondary::VIRTUALIZE_X2APIC) {
            return None;
        }
        let offset = u64::from(msr & 0xff) << 4;
        match offset {
            TPR => {}
            EOI | SELF_IPI if self.delivers() => {}
            _ => return None,
        }
        let possible = if offset == EOI { 0 } else { 0xff };
        if value & !possible != 0 {
            return Some(false);
        }
        self.skip(length);
        self.set_apic(offset, value as u32);
        match offset {
            TPR => self.task_priority_changed(),
            EOI => self.end_of_interrupt(),
            _ if value < 16 => {}
            _ => self.request(value as u8),
        }
        Some(true)
    }
}
