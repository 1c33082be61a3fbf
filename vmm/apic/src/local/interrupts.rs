// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts that arrive, and their way to the CPU (SDM vol. 3A 12.6.2 and 12.8).

use super::{LocalApic, NO_BROADCAST, SOFTWARE_ENABLED, errors};
use crate::interrupt::{DeliveryMode, Interrupt, Trigger};
use crate::register::{Lvt, MASKED};
use crate::{Mode, VirtualApic};

/// The first vector that is not reserved.
pub(super) const FIRST_VECTOR: u8 = 16;

/// What an interrupt did to the CPU itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// An NMI is to be injected.
    Nmi,
    /// The CPU is to be reset.
    Init,
}

impl<V: VirtualApic> LocalApic<V> {
    /// Is this CPU one that the interrupt is for?
    pub fn is_addressed(&self, interrupt: &Interrupt) -> bool {
        if !interrupt.logical {
            return interrupt.is_broadcast() || interrupt.destination == self.id.into();
        }
        let to = interrupt.destination;
        match self.mode {
            Mode::Disabled => false,
            Mode::X2Apic => to >> 16 == self.logical() >> 16 && to & self.logical() & 0xffff != 0,
            Mode::XApic => {
                let (to, own) = (to as u8, (self.logical >> 24) as u8);
                match self.format >> 28 {
                    // Flat: a bit for each CPU.
                    0xf => to & own != 0,
                    // Clusters: a number and four bits.
                    0 => (to >> 4 == own >> 4 || to >> 4 == 0xf) && to & own & 0xf != 0,
                    _ => false,
                }
            }
        }
    }

    /// Takes an interrupt if it is for this CPU. Says whether it was taken; one that was not can
    /// be offered again.
    pub fn deliver(&mut self, interrupt: &Interrupt) -> bool {
        self.mode != Mode::Disabled && self.is_addressed(interrupt) && self.take(interrupt)
    }

    /// An interrupt that is for this CPU.
    pub(super) fn take(&mut self, interrupt: &Interrupt) -> bool {
        match interrupt.mode {
            DeliveryMode::Fixed | DeliveryMode::LowestPriority => {
                return self.request(interrupt.vector, interrupt.trigger);
            }
            DeliveryMode::Nmi => self.nmi = true,
            DeliveryMode::Init => self.init = true,
            // There is no management mode and no legacy controller, and this CPU runs already.
            DeliveryMode::Smi | DeliveryMode::ExtInt | DeliveryMode::StartUp => {}
        }
        true
    }

    /// Requests a vector, if the APIC is enabled; says whether it did.
    pub fn request(&mut self, vector: u8, trigger: Trigger) -> bool {
        if !self.is_enabled() {
            return false;
        }
        if vector < FIRST_VECTOR {
            self.error(errors::RECEIVED_ILLEGAL_VECTOR);
        } else {
            self.delivery.request(vector, trigger);
        }
        true
    }

    /// The vector that is to be injected with the next entry, if the guest can take interrupts.
    /// None, always, where the CPU delivers them.
    #[inline]
    pub fn next(&self) -> Option<u8> {
        self.delivery.next()
    }

    /// The vector of [`next`](Self::next) is injected.
    pub fn accept(&mut self, vector: u8) {
        self.delivery.accept(vector);
    }

    /// Is there an interrupt that the CPU takes as soon as its flag lets it? Then HLT does not
    /// wait.
    pub fn is_pending(&self) -> bool {
        self.nmi || self.delivery.is_pending()
    }

    /// A vector of level-triggered interrupts whose service ended: the IOAPIC wants to know. To be
    /// asked after each access, and after [`end_by_cpu`](Self::end_by_cpu).
    pub fn take_end(&mut self) -> Option<u8> {
        self.ended.take()
    }

    /// The CPU ended the service of `vector`, and exited because the IOAPIC may want to know.
    pub fn end_by_cpu(&mut self, vector: u8) {
        let level = self.delivery.end_by_cpu(vector);
        self.tell_end(vector, level);
    }

    pub(super) fn end(&mut self) {
        if let Some((vector, level)) = self.delivery.end() {
            self.tell_end(vector, level);
        }
    }

    fn tell_end(&mut self, vector: u8, level: bool) {
        if level && self.spurious & NO_BROADCAST == 0 {
            self.ended = Some(vector);
        }
    }

    /// What the CPU itself has to do.
    pub fn take_signal(&mut self) -> Option<Signal> {
        if core::mem::take(&mut self.init) {
            return Some(Signal::Init);
        }
        core::mem::take(&mut self.nmi).then_some(Signal::Nmi)
    }

    /// Requests the interrupt of an entry of the local vector table.
    pub(super) fn raise(&mut self, entry: Lvt) {
        let value = self.table[entry as usize];
        if value & MASKED == 0 {
            self.request(value as u8, Trigger::Edge);
        }
    }

    pub(super) const fn is_enabled(&self) -> bool {
        self.spurious & SOFTWARE_ENABLED != 0 && !matches!(self.mode, Mode::Disabled)
    }
}
