// SPDX-License-Identifier: BSD-2-Clause
//! PCI configuration space by mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2).

use crate::allowed::PCI;

/// Port of the address.
pub const ADDRESS: u16 = 0xcf8;

/// First port of the data.
pub const DATA: u16 = 0xcfc;

/// Bit of the address that makes an access a configuration access.
pub const ENABLE: u32 = 1 << 31;

/// Offset of the interrupt line (byte 0) and pin (byte 1).
pub const INTERRUPT: u32 = 0x3c;

/// The first function on bus 0 that has an interrupt pin, as it stands in an address.
pub fn with_interrupt_pin() -> sel4::Result<Option<u32>> {
    for function in (0..0x100_u32).map(|number| number << 8) {
        PCI.out32(ADDRESS, ENABLE | function)?;
        let absent = PCI.in16(DATA)? == u16::MAX;
        PCI.out32(ADDRESS, ENABLE | function | INTERRUPT)?;
        if !absent && PCI.in8(DATA + 1)? != 0 {
            return Ok(Some(function));
        }
    }
    Ok(None)
}
