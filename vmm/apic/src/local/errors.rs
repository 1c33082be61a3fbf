// SPDX-License-Identifier: BSD-2-Clause
//! Errors (SDM vol. 3A 12.5.3).

use super::{LocalApic, Lvt};
use crate::VirtualApic;

/// A command has a reserved vector.
pub(super) const SENT_ILLEGAL_VECTOR: u32 = 1 << 5;
/// An interrupt that arrived has one, or an entry of the local vector table.
pub(super) const RECEIVED_ILLEGAL_VECTOR: u32 = 1 << 6;
/// The page has no such register.
pub(super) const ILLEGAL_REGISTER: u32 = 1 << 7;

impl<V: VirtualApic> LocalApic<V> {
    /// Notes an error, and requests the interrupt of errors if it is a new one.
    pub(super) fn error(&mut self, error: u32) {
        // That interrupt's own vector can be what is wrong; then this is not new.
        if self.errors & error == 0 {
            self.errors |= error;
            self.raise(Lvt::Error);
        }
    }

    /// A write to the error-status register shows what came up since the last.
    pub(super) fn show_errors(&mut self) {
        self.error_status = core::mem::take(&mut self.errors);
    }
}
