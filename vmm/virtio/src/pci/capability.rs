// SPDX-License-Identifier: BSD-2-Clause
//! The capabilities by which a driver finds the registers: virtio 1.2 §4.1.4.

use vmm_base::Width;
use vmm_pci::{BuildError, ConfigSpace, VENDOR_SPECIFIC};

use super::{BAR, BAR_BYTES, COMMON, DEVICE, ISR, NOTIFY, NOTIFY_MULTIPLIER, PAGE, common};

// Types.
const COMMON_CFG: u8 = 1;
const NOTIFY_CFG: u8 = 2;
const ISR_CFG: u8 = 3;
const DEVICE_CFG: u8 = 4;
const PCI_CFG: u8 = 5;

/// Bytes of a capability behind its ID and the pointer to the next.
const BODY: usize = 14;

// Where the parts of a capability are, from its start.
const OF_BAR: u16 = 4;
const OF_OFFSET: u16 = 8;
const OF_LENGTH: u16 = 12;
const OF_DATA: u16 = 16;

/// The capability that is a window to the BAR: §4.1.4.9.
#[derive(Debug)]
pub struct Window {
    at: u16,
}

impl Window {
    /// Declares all capabilities.
    ///
    /// # Errors
    ///
    /// If there is no room.
    pub fn declare(config: &mut ConfigSpace) -> Result<Self, BuildError> {
        for (kind, offset, length) in [
            (COMMON_CFG, COMMON, common::BYTES),
            (ISR_CFG, ISR, 1),
            (DEVICE_CFG, DEVICE, PAGE as u32),
        ] {
            config.add_capability(VENDOR_SPECIFIC, &body(kind, 0, offset, length), &[])?;
        }
        let mut notify = [0; BODY + 4];
        notify[..BODY].copy_from_slice(&body(NOTIFY_CFG, 4, NOTIFY, PAGE as u32));
        notify[BODY..].copy_from_slice(&NOTIFY_MULTIPLIER.to_le_bytes());
        config.add_capability(VENDOR_SPECIFIC, &notify, &[])?;
        // The driver writes BAR, offset and length, and then reads or writes the data.
        let mut window = [0; BODY + 4];
        window[..BODY].copy_from_slice(&body(PCI_CFG, 4, 0, 0));
        let mut writable = [0; BODY + 4];
        writable[2] = 0xff;
        writable[6..BODY].fill(0xff);
        let at = config.add_capability(VENDOR_SPECIFIC, &window, &writable)?;
        Ok(Self { at })
    }

    /// The register that an access to configuration space means, and its width, if it is one to the
    /// window's data and the window is set to something.
    pub fn target(&self, config: &ConfigSpace, offset: u16, width: Width) -> Option<(u64, Width)> {
        if offset != self.at + OF_DATA {
            return None;
        }
        let bar = config.read(self.at + OF_BAR, Width::Byte);
        let register = u64::from(config.read(self.at + OF_OFFSET, Width::Dword));
        let length = config.read(self.at + OF_LENGTH, Width::Dword);
        let length = Width::from_bytes(length as usize).filter(|length| *length <= width)?;
        let bytes = length.bytes() as u64;
        let fits = register.is_multiple_of(bytes) && register + bytes <= BAR_BYTES;
        (bar == u32::from(BAR) && fits).then_some((register, length))
    }
}

/// A capability: its length, type, BAR, an id that only shared memory needs, offset and length.
fn body(kind: u8, more: u8, offset: u64, length: u32) -> [u8; BODY] {
    let mut body = [0; BODY];
    body[0] = 2 + BODY as u8 + more;
    body[1] = kind;
    body[2] = BAR;
    body[6..10].copy_from_slice(&(offset as u32).to_le_bytes());
    body[10..].copy_from_slice(&length.to_le_bytes());
    body
}
