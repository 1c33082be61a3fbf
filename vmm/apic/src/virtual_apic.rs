// SPDX-License-Identifier: BSD-2-Clause
//! The virtual APIC that the CPU works with, and a guest's interrupts in it (SDM vol. 3C 30).

use crate::Trigger;
use crate::interrupt::Trigger::{Edge, Level};
use crate::priorities::{class, processor_priority};
use crate::register::Register;
use crate::vectors::Vectors;

/// The virtual-APIC page of a virtual CPU, and what else of its interrupts the CPU holds. The guest
/// does not run while this is used.
pub trait VirtualApic {
    /// Reads the register at this offset in the page, a multiple of 16, with all that was posted.
    fn read(&self, offset: u16) -> u32;

    /// Writes the register at this offset, and the 4 bytes behind it.
    fn write(&self, offset: u16, value: u64);

    /// The guest interrupt status: the highest vector that is requested (RVI), or 0, and in the
    /// upper byte the highest in service (SVI).
    fn status(&self) -> u16;

    /// Sets the guest interrupt status.
    fn set_status(&self, status: u16);

    /// Requests a vector, which the next entry evaluates.
    fn post(&self, vector: u8);

    /// Says which vectors' ends exit, of the 64 from `64 * quarter` on.
    fn set_end_exits(&self, quarter: u8, vectors: u64);
}

/// A guest's interrupts in the virtual APIC.
#[derive(Debug)]
pub(crate) struct Assisted<V> {
    apic: V,
    /// What the page's trigger-mode registers have.
    level: Vectors,
    /// The vectors whose ends exit: those that are level-triggered, or were.
    exits: Vectors,
}

impl<V: VirtualApic> Assisted<V> {
    /// Takes it as it is; [`clear`](Self::clear) has to follow.
    pub(crate) const fn new(apic: V) -> Self {
        Self {
            apic,
            level: Vectors::EMPTY,
            exits: Vectors::EMPTY,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.level = Vectors::EMPTY;
        self.exits = Vectors::EMPTY;
        self.set_task_priority(0);
        for word in 0..8 {
            for register in [
                Register::InService(word),
                Register::TriggerMode(word),
                Register::Requested(word),
            ] {
                self.apic.write(register.offset(), 0);
            }
        }
        self.apic.set_status(0);
        (0..4).for_each(|quarter| self.apic.set_end_exits(quarter, 0));
    }

    pub(crate) fn request(&mut self, vector: u8, trigger: Trigger) {
        if self.level.contains(vector) != (trigger == Level) {
            match trigger {
                Level => self.level.insert(vector),
                Edge => self.level.remove(vector),
            }
            let word = self.level.register(vector / 32);
            let register = Register::TriggerMode(vector / 32);
            self.apic.write(register.offset(), word.into());
        }
        if trigger == Level && !self.exits.contains(vector) {
            self.exits.insert(vector);
            self.set_end_exits(vector);
        }
        self.apic.post(vector);
    }

    pub(crate) fn end_by_cpu(&mut self, vector: u8) -> bool {
        let level = self.level.contains(vector);
        if !level && self.exits.contains(vector) {
            self.exits.remove(vector);
            self.set_end_exits(vector);
        }
        level
    }

    fn set_end_exits(&self, vector: u8) {
        self.apic
            .set_end_exits(vector / 64, self.exits.word_of(vector));
    }

    pub(crate) fn is_pending(&self) -> bool {
        // This order: reading a register takes in what was posted.
        let task = self.task_priority();
        let [requested, service] = self.apic.status().to_le_bytes();
        class(requested) > class(processor_priority(task, service))
    }

    /// What the CPU does at an EOI that it virtualises (SDM 30.1.4).
    pub(crate) fn end(&mut self) -> Option<(u8, bool)> {
        let [requested, vector] = self.apic.status().to_le_bytes();
        if vector == 0 {
            return None;
        }
        let register = Register::InService(vector / 32);
        let left = self.apic.read(register.offset()) & !(1 << (vector % 32));
        self.apic.write(register.offset(), left.into());
        let highest = (0..8).rev().find_map(|word| {
            let bits = self.apic.read(Register::InService(word).offset());
            bits.checked_ilog2().map(|bit| word * 32 + bit as u8)
        });
        let status = [requested, highest.unwrap_or(0)];
        self.apic.set_status(u16::from_le_bytes(status));
        Some((vector, self.level.contains(vector)))
    }

    pub(crate) fn task_priority(&self) -> u8 {
        self.apic.read(Register::TaskPriority.offset()) as u8
    }

    pub(crate) fn set_task_priority(&self, priority: u8) {
        self.show(Register::TaskPriority.offset(), priority.into());
    }

    pub(crate) fn register(&self, register: Register) -> u32 {
        match register {
            // The entry that evaluates it is still to come.
            Register::ProcessorPriority => {
                let [_, service] = self.apic.status().to_le_bytes();
                processor_priority(self.task_priority(), service).into()
            }
            _ => self.apic.read(register.offset()),
        }
    }

    pub(crate) fn show(&self, offset: u16, value: u64) {
        self.apic.write(offset, value);
    }

    pub(crate) fn shown(&self, offset: u16) -> u32 {
        self.apic.read(offset)
    }
}
