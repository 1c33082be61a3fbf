// SPDX-License-Identifier: BSD-2-Clause
//! PCI configuration space by mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2):
//! the ports that the machine has wherever it is booted.

use sel4_vcpu::IoPort;

const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;
const ENABLE: u32 = 1 << 31;

/// A function of a device.
#[derive(Clone, Copy)]
pub struct Function {
    ports: IoPort,
    address: u32,
}

impl Function {
    /// The function with a requester id (bus, device, function), by the ports 0xcf8 to 0xcff.
    pub fn new(ports: IoPort, requester: u16) -> Self {
        Self {
            ports,
            address: ENABLE | u32::from(requester) << 8,
        }
    }

    /// Reads the doubleword at `offset`, a multiple of 4.
    ///
    /// # Errors
    ///
    /// When the capability does not cover the ports.
    pub fn read(self, offset: u8) -> sel4::Result<u32> {
        self.ports
            .out32(ADDRESS, self.address | u32::from(offset))?;
        self.ports.in32(DATA)
    }

    /// Writes the doubleword at `offset`, a multiple of 4.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read).
    pub fn write(self, offset: u8, value: u32) -> sel4::Result<()> {
        self.ports
            .out32(ADDRESS, self.address | u32::from(offset))?;
        self.ports.out32(DATA, value)
    }
}
