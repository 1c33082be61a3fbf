// SPDX-License-Identifier: BSD-2-Clause
//! Redirection-table entries (82093AA 3.2.4).

use super::{DeliveryMode, Interrupt, Trigger};

const LOGICAL: u64 = 1 << 11;
const IN_SERVICE: u64 = 1 << 14;
const LEVEL: u64 = 1 << 15;
const MASKED: u64 = 1 << 16;

/// Vector, delivery mode, destination mode, polarity, trigger mode, mask, destination. Delivery
/// status (bit 12) is always 0, as nothing is ever on its way, and remote IRR is not the guest's.
const WRITABLE: u64 = 0xff00_0000_0001_afff;

/// What becomes of the line of a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry(u64);

impl Entry {
    pub(super) const RESET: Self = Self(MASKED);

    pub(super) const fn vector(self) -> u8 {
        self.0 as u8
    }

    pub(super) const fn is_masked(self) -> bool {
        self.0 & MASKED != 0
    }

    pub(super) const fn trigger(self) -> Trigger {
        if self.0 & LEVEL != 0 {
            Trigger::Level
        } else {
            Trigger::Edge
        }
    }

    /// Remote IRR: a level was taken, and its service has not ended.
    pub(super) const fn is_in_service(self) -> bool {
        self.0 & IN_SERVICE != 0
    }

    pub(super) const fn set_in_service(&mut self, in_service: bool) {
        if in_service {
            self.0 |= IN_SERVICE;
        } else {
            self.0 &= !IN_SERVICE;
        }
    }

    /// Does it request its vector, as opposed to the other delivery modes?
    pub(super) const fn is_requesting(self) -> bool {
        matches!(
            DeliveryMode::from_bits((self.0 >> 8) as u8),
            Some(DeliveryMode::Fixed | DeliveryMode::LowestPriority)
        )
    }

    /// What it delivers; nothing with a delivery mode that is reserved here.
    pub(super) const fn interrupt(self) -> Option<Interrupt> {
        let mode = match DeliveryMode::from_bits((self.0 >> 8) as u8) {
            None | Some(DeliveryMode::StartUp) => return None,
            Some(mode) => mode,
        };
        Some(Interrupt {
            vector: self.vector(),
            mode,
            trigger: self.trigger(),
            logical: self.0 & LOGICAL != 0,
            destination: (self.0 >> 56) as u32,
        })
    }

    /// The lower or upper 32 bits.
    pub(super) const fn half(self, high: bool) -> u32 {
        (self.0 >> if high { 32 } else { 0 }) as u32
    }

    /// Writes one of the halves. An entry that becomes edge-triggered forgets that a level is in
    /// service: so systems end one on IOAPICs that have no EOI register.
    pub(super) const fn set_half(&mut self, high: bool, value: u32) {
        let (shift, other) = if high {
            (32, 0xffff_ffff)
        } else {
            (0, !0xffff_ffff)
        };
        let written = (value as u64) << shift & WRITABLE;
        self.0 = self.0 & (other | IN_SERVICE) | written;
        if self.0 & LEVEL == 0 {
            self.0 &= !IN_SERVICE;
        }
    }
}
