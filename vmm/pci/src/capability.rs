// SPDX-License-Identifier: BSD-2-Clause
//! The two lists of capabilities: §7.6 below 256 bytes, §7.6.3 behind them.

use vmm_base::Width;

use crate::ConfigSpace;
use crate::config::{BuildError, register};

/// Capability ID: vendor-specific (§7.9.4), which virtio uses.
pub const VENDOR_SPECIFIC: u8 = 0x09;
/// Capability ID: PCI Express (§7.5.3).
pub const EXPRESS: u8 = 0x10;
/// Capability ID: MSI-X (§7.7.2).
pub const MSI_X: u8 = 0x11;

const END: u16 = 0x100;
/// Bit 'capabilities list' of the status register.
const HAS_LIST: u32 = 1 << 4;

impl ConfigSpace {
    /// Appends a capability: `body` is what follows the ID and the pointer to the next, `writable`
    /// the bits of it that guests can change (missing bytes: none). Returns its offset.
    ///
    /// # Errors
    ///
    /// [`BuildError::NoRoom`].
    pub fn add_capability(
        &mut self,
        id: u8,
        body: &[u8],
        writable: &[u8],
    ) -> Result<u16, BuildError> {
        let at = self.next;
        self.next = room(at, 2 + body.len(), END)?;
        self.set(at, Width::Byte, id.into());
        self.fill(at + 2, body, writable);
        let pointer = match self.last.replace(at) {
            Some(last) => last + 1,
            None => {
                let status = self.read(register::STATUS, Width::Word);
                self.set(register::STATUS, Width::Word, status | HAS_LIST);
                register::CAPABILITIES
            }
        };
        self.set(pointer, Width::Byte, at.into());
        Ok(at)
    }

    /// Appends an extended capability: `body` is what follows its header of 4 bytes. Returns its
    /// offset. A guest looks for them only in functions with the PCI Express capability.
    ///
    /// # Errors
    ///
    /// [`BuildError::NoRoom`].
    pub fn add_extended_capability(
        &mut self,
        id: u16,
        version: u8,
        body: &[u8],
        writable: &[u8],
    ) -> Result<u16, BuildError> {
        let at = self.next_extended;
        self.next_extended = room(at, 4 + body.len(), Self::stored_bytes())?;
        let header = u32::from(version & 0xf) << 16 | u32::from(id);
        self.set(at, Width::Dword, header);
        self.fill(at + 4, body, writable);
        if let Some(last) = self.last_extended.replace(at) {
            let header = self.read(last, Width::Dword);
            self.set(last, Width::Dword, header | u32::from(at) << 20);
        }
        Ok(at)
    }

    fn fill(&mut self, at: u16, body: &[u8], writable: &[u8]) {
        for (offset, &byte) in (at..).zip(body) {
            self.set(offset, Width::Byte, byte.into());
        }
        for (offset, (&bits, _)) in (at..).zip(writable.iter().zip(body)) {
            self.allow(offset, Width::Byte, bits.into());
        }
    }
}

/// The end of a capability of this length, on a boundary of 4 bytes.
fn room(at: u16, length: usize, end: u16) -> Result<u16, BuildError> {
    let next = (usize::from(at) + length).next_multiple_of(4);
    match u16::try_from(next) {
        Ok(next) if next <= end => Ok(next),
        _ => Err(BuildError::NoRoom(length)),
    }
}
