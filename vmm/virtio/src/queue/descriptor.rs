// SPDX-License-Identifier: BSD-2-Clause
//! Descriptors: virtio 1.2 §2.7.5.

use vmm_base::{Gpa, GuestRam, OutOfRange};

/// Bytes of one in memory.
pub(super) const BYTES: u32 = 16;

const NEXT: u16 = 1 << 0;
const WRITE: u16 = 1 << 1;
const INDIRECT: u16 = 1 << 2;

/// What a descriptor says, read once.
#[derive(Debug, Clone, Copy)]
pub(super) struct Descriptor {
    /// Where the buffer, or the table, is.
    pub at: Gpa,
    /// Its bytes.
    pub length: u32,
    flags: u16,
    next: u16,
}

impl Descriptor {
    /// Reads entry `index` of the table at `table`. Which entries it has is for the caller to know.
    pub fn read(ram: &GuestRam<'_>, table: Gpa, index: u16) -> Result<Self, OutOfRange> {
        let at = Gpa(table.0.wrapping_add(u64::from(index) * u64::from(BYTES)));
        let raw = u128::from_le_bytes(ram.get(at)?);
        Ok(Self {
            at: Gpa(raw as u64),
            length: (raw >> 64) as u32,
            flags: (raw >> 96) as u16,
            next: (raw >> 112) as u16,
        })
    }

    /// The number of the one that follows in the chain.
    pub const fn next(&self) -> Option<u16> {
        if self.flags & NEXT != 0 {
            Some(self.next)
        } else {
            None
        }
    }

    /// Is the buffer there for the device to write?
    pub const fn is_writable(&self) -> bool {
        self.flags & WRITE != 0
    }

    /// Does it refer to a table of descriptors?
    pub const fn is_indirect(&self) -> bool {
        self.flags & INDIRECT != 0
    }
}
