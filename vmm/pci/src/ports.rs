// SPDX-License-Identifier: BSD-2-Clause
//! The configuration mechanism by ports: 'PCI Local Bus Specification', revision 3.0, 3.2.2.3.2.

use vmm_base::Width;

use crate::{Bus, Function};

/// The address register's first port.
pub const FIRST_CONFIG_PORT: u16 = 0xcf8;
/// Ports of address and data.
pub const CONFIG_PORTS: u16 = 8;

const ENABLE: u32 = 1 << 31;
const DATA: u16 = 4;

impl<F: Function> Bus<F> {
    /// IN. `offset` counts from [`FIRST_CONFIG_PORT`].
    pub fn read_port(&mut self, offset: u16, width: Width) -> u32 {
        match self.register(offset) {
            Some((device, register)) => self.read_config(device, register, width),
            None if offset == 0 && width == Width::Dword => self.config_address,
            None => width.mask() as u32,
        }
    }

    /// OUT. `offset` counts from [`FIRST_CONFIG_PORT`]. Only an access of 4 bytes reaches the
    /// address; others to the same ports belong to somebody else.
    pub fn write_port(&mut self, offset: u16, width: Width, value: u32) {
        match self.register(offset) {
            Some((device, register)) => self.write_config(device, register, width, value),
            None if offset == 0 && width == Width::Dword => {
                // Reserved bits, and the two that select a byte, are 0.
                self.config_address = value & 0x80ff_fffc;
            }
            None => {}
        }
    }

    /// The device and the register behind a port of the data, if the address selects a function.
    fn register(&self, offset: u16) -> Option<(u8, u16)> {
        let byte = offset.checked_sub(DATA).filter(|byte| *byte < 4)?;
        let address = self.config_address;
        let is_here = address & ENABLE != 0 && address >> 16 & 0xff == 0 && address >> 8 & 7 == 0;
        let device = (address >> 11 & 0x1f) as u8;
        is_here.then_some((device, (address & 0xfc) as u16 + byte))
    }
}
