// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts between CPUs (SDM vol. 3A 12.6.1).

use super::interrupts::FIRST_VECTOR;
use super::{LocalApic, errors};
use crate::interrupt::{DeliveryMode, Interrupt, Trigger};
use crate::{Mode, VirtualApic};

/// An interrupt for other CPUs than the one that sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipi {
    /// What is sent.
    pub interrupt: Interrupt,
    /// Is it for all others, whatever its destination says? Else it is for those that
    /// [`LocalApic::is_addressed`] tells.
    pub all_others: bool,
}

const LOGICAL: u64 = 1 << 11;
const ASSERTED: u64 = 1 << 14;
const LEVEL: u64 = 1 << 15;

impl<V: VirtualApic> LocalApic<V> {
    /// Does what the command register says.
    pub(super) fn send(&mut self) {
        let command = self.command;
        let Some(mode) = DeliveryMode::from_bits((command >> 8) as u8) else {
            return;
        };
        // "INIT level de-assert", which today's CPUs ignore (SDM 12.6.1, "Level").
        if mode == DeliveryMode::Init && command & LEVEL != 0 && command & ASSERTED == 0 {
            return;
        }
        let interrupt = Interrupt {
            vector: command as u8,
            mode,
            // The trigger mode counts for INIT only.
            trigger: Trigger::Edge,
            logical: command & LOGICAL != 0,
            destination: match self.mode {
                Mode::X2Apic => (command >> 32) as u32,
                _ => (command >> 56) as u32,
            },
        };
        if is_requesting(mode) && interrupt.vector < FIRST_VECTOR {
            return self.error(errors::SENT_ILLEGAL_VECTOR);
        }
        let (to_self, to_others) = match command >> 18 & 3 {
            0 => (self.is_addressed(&interrupt), Some(false)),
            1 => (true, None),
            2 => (true, Some(true)),
            _ => (false, Some(true)),
        };
        // Shorthands that have this CPU in it are for vectors only (SDM table 12-3).
        let shorthand = command >> 18 & 3;
        if matches!(shorthand, 1 | 2) && !is_requesting(mode) {
            return;
        }
        let only_one = mode == DeliveryMode::LowestPriority && to_self;
        let only_self =
            shorthand == 0 && !interrupt.logical && to_self && !interrupt.is_broadcast();
        if to_self {
            self.take(&interrupt);
        }
        if let Some(all_others) = to_others.filter(|_| !only_one && !only_self) {
            self.ipi = Some(Ipi {
                interrupt,
                all_others,
            });
        }
    }

    /// The x2APIC's way to interrupt itself (SDM 12.12.11).
    pub(super) fn send_to_self(&mut self, vector: u8) {
        if vector < FIRST_VECTOR {
            self.error(errors::SENT_ILLEGAL_VECTOR);
        } else {
            self.request(vector, Trigger::Edge);
        }
    }
}

/// Does an interrupt of this mode request its vector?
const fn is_requesting(mode: DeliveryMode) -> bool {
    matches!(mode, DeliveryMode::Fixed | DeliveryMode::LowestPriority)
}
