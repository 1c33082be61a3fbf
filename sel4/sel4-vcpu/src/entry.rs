// SPDX-License-Identifier: BSD-2-Clause
//! What a VM entry takes.

use sel4::Word;

/// The guest state that every VM entry sets, so that it costs no VMCS write of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Entry {
    /// Guest RIP.
    pub rip: Word,
    /// Primary processor-based VM-execution controls.
    pub primary_controls: Word,
    /// VM-entry interruption information: an event to inject when bit 31 is set.
    pub interruption_info: Word,
}

impl Entry {
    pub(crate) const fn to_words(self) -> [Word; 3] {
        [self.rip, self.primary_controls, self.interruption_info]
    }
}
