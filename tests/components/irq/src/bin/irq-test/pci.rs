// SPDX-License-Identifier: BSD-2-Clause
//! PCI configuration space by mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2):
//! the ports that the machine has wherever it is booted.

use sel4_microkit::var;
use sel4_vcpu::IoPort;

const ADDRESS: u16 = 0xcf8;
const DATA: u16 = 0xcfc;
const ENABLE: u32 = 1 << 31;

/// A function on bus 0.
#[derive(Clone, Copy)]
pub struct Function {
    ports: IoPort,
    address: u32,
}

impl Function {
    /// Function 0 of a device.
    pub fn new(device: u8) -> Self {
        Self {
            ports: IoPort::new(*var!(pci_ports: usize = 0)),
            address: ENABLE | u32::from(device) << 11,
        }
    }

    /// Reads the doubleword at `offset`, a multiple of 4.
    pub fn read(self, offset: u8) -> sel4::Result<u32> {
        self.ports
            .out32(ADDRESS, self.address | u32::from(offset))?;
        self.ports.in32(DATA)
    }

    /// Writes the doubleword at `offset`, a multiple of 4.
    pub fn write(self, offset: u8, value: u32) -> sel4::Result<()> {
        self.ports
            .out32(ADDRESS, self.address | u32::from(offset))?;
        self.ports.out32(DATA, value)
    }
}
