// SPDX-License-Identifier: BSD-2-Clause
//! The PCI Express capability (§7.5.3): with it a guest looks at the extended space, and resets the
//! function by itself (§6.6.2).

use vmm_base::Width;

use crate::ConfigSpace;
use crate::capability::EXPRESS;
use crate::config::BuildError;

/// Bytes behind ID and pointer: all registers up to slot status 2.
const BODY_BYTES: usize = 0x3c - 2;
/// Version 2, 'root complex integrated endpoint': such a function has no link, and none of the
/// link's registers.
const CAPABILITIES: u16 = 2 | 9 << 4;
const DEVICE_CAPABILITIES: u16 = 0x04;
const DEVICE_CONTROL: u16 = 0x08;
/// Device capabilities: role-based error reporting, which is required; function-level reset.
const ROLE_BASED_ERRORS: u32 = 1 << 15;
const FUNCTION_RESET: u32 = 1 << 28;
/// Device control: error reporting, relaxed ordering, payload and request sizes, no-snoop; not
/// 'initiate function-level reset', which always reads as 0.
const CONTROL_WRITABLE: u32 = 0x7eff;
const INITIATE_RESET: u32 = 1 << 15;

impl ConfigSpace {
    /// Makes it a PCI Express function, which can be reset by itself if `resettable`.
    ///
    /// # Errors
    ///
    /// [`BuildError::NoRoom`].
    pub fn add_express(&mut self, resettable: bool) -> Result<u16, BuildError> {
        let at = self.add_capability(EXPRESS, &[0; BODY_BYTES], &[])?;
        self.set(at + 2, Width::Word, CAPABILITIES.into());
        let reset = if resettable { FUNCTION_RESET } else { 0 };
        let capabilities = ROLE_BASED_ERRORS | reset;
        self.set(at + DEVICE_CAPABILITIES, Width::Dword, capabilities);
        self.allow(at + DEVICE_CONTROL, Width::Word, CONTROL_WRITABLE);
        self.express = Some(at);
        Ok(at)
    }

    /// Does this write of the guest ask for a reset of the function? Such a write changes nothing
    /// else that matters: see [`reset`](Self::reset).
    pub fn asks_for_reset(&self, offset: u16, width: Width, value: u32) -> bool {
        let Some(express) = self.express.filter(|_| self.is_resettable()) else {
            return false;
        };
        // The bit is in the upper byte of the register.
        let byte = express + DEVICE_CONTROL + 1;
        let inside = byte
            .checked_sub(offset)
            .filter(|byte| usize::from(*byte) < width.bytes());
        let is_access = usize::from(offset % 4) + width.bytes() <= 4;
        let bit = |byte: u16| value >> (8 * byte) & INITIATE_RESET >> 8;
        is_access && inside.is_some_and(|byte| bit(byte) != 0)
    }

    fn is_resettable(&self) -> bool {
        self.express.is_some_and(|express| {
            let capabilities = self.read(express + DEVICE_CAPABILITIES, Width::Dword);
            capabilities & FUNCTION_RESET != 0
        })
    }
}
