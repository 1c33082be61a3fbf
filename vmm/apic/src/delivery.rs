// SPDX-License-Identifier: BSD-2-Clause
//! Who holds requests and priorities, and delivers: this program or the CPU.

use crate::priorities::Priorities;
use crate::register::Register;
use crate::virtual_apic::Assisted;
use crate::{Trigger, VirtualApic};

#[derive(Debug)]
pub(crate) enum Delivery<V> {
    Software(Priorities),
    ByCpu(Assisted<V>),
}

impl<V: VirtualApic> Delivery<V> {
    pub(crate) const fn software() -> Self {
        Self::Software(Priorities::RESET)
    }

    pub(crate) const fn by_cpu(apic: V) -> Self {
        Self::ByCpu(Assisted::new(apic))
    }

    pub(crate) const fn is_by_cpu(&self) -> bool {
        matches!(self, Self::ByCpu(_))
    }

    /// As after a reset.
    pub(crate) fn clear(&mut self) {
        match self {
            Self::Software(state) => *state = Priorities::RESET,
            Self::ByCpu(state) => state.clear(),
        }
    }

    pub(crate) fn request(&mut self, vector: u8, trigger: Trigger) {
        match self {
            Self::Software(state) => state.request(vector, trigger),
            Self::ByCpu(state) => state.request(vector, trigger),
        }
    }

    #[inline]
    pub(crate) fn next(&self) -> Option<u8> {
        match self {
            Self::Software(state) => state.next(),
            Self::ByCpu(_) => None,
        }
    }

    /// The CPU accepts what it delivers itself.
    pub(crate) fn accept(&mut self, vector: u8) {
        if let Self::Software(state) = self {
            state.accept(vector);
        }
    }

    pub(crate) fn is_pending(&self) -> bool {
        match self {
            Self::Software(state) => state.next().is_some(),
            Self::ByCpu(state) => state.is_pending(),
        }
    }

    /// Ends the service of the highest vector; says which it was, and whether it is
    /// level-triggered.
    pub(crate) fn end(&mut self) -> Option<(u8, bool)> {
        match self {
            Self::Software(state) => {
                let vector = state.end()?;
                Some((vector, state.level.contains(vector)))
            }
            Self::ByCpu(state) => state.end(),
        }
    }

    /// The CPU ended the service of `vector`; is it level-triggered?
    pub(crate) fn end_by_cpu(&mut self, vector: u8) -> bool {
        match self {
            Self::Software(_) => false,
            Self::ByCpu(state) => state.end_by_cpu(vector),
        }
    }

    pub(crate) fn task_priority(&self) -> u8 {
        match self {
            Self::Software(state) => state.task,
            Self::ByCpu(state) => state.task_priority(),
        }
    }

    pub(crate) fn set_task_priority(&mut self, priority: u8) {
        match self {
            Self::Software(state) => state.task = priority,
            Self::ByCpu(state) => state.set_task_priority(priority),
        }
    }

    /// A register that is kept here; 0 for others.
    pub(crate) fn register(&self, register: Register) -> u32 {
        match self {
            Self::ByCpu(state) => state.register(register),
            Self::Software(state) => match register {
                Register::TaskPriority => state.task.into(),
                Register::ProcessorPriority => state.processor().into(),
                Register::InService(word) => state.in_service.register(word),
                Register::TriggerMode(word) => state.level.register(word),
                Register::Requested(word) => state.requested.register(word),
                _ => 0,
            },
        }
    }

    /// Makes the CPU show the guest a register.
    pub(crate) fn show(&self, offset: u16, value: u64) {
        if let Self::ByCpu(state) = self {
            state.show(offset, value);
        }
    }

    /// What the guest wrote at `offset`, where the CPU lets it.
    pub(crate) fn shown(&self, offset: u16) -> Option<u32> {
        match self {
            Self::Software(_) => None,
            Self::ByCpu(state) => Some(state.shown(offset)),
        }
    }
}
