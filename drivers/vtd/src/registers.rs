// SPDX-License-Identifier: BSD-2-Clause
//! Register offsets (section 11.4). The type of a register fixes the width of its access.

use mmio::Mmio;

/// 32-bit registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reg32 {
    /// Version.
    Ver = 0x00,
    /// Global command.
    Gcmd = 0x18,
    /// Global status.
    Gsts = 0x1c,
    /// Fault status.
    Fsts = 0x34,
    /// Fault event control.
    Fectl = 0x38,
    /// Fault event data.
    Fedata = 0x3c,
    /// Fault event address.
    Feaddr = 0x40,
    /// Fault event upper address.
    Feuaddr = 0x44,
    /// Protected memory enable.
    Pmen = 0x64,
    /// Invalidation completion event control.
    Iectl = 0xa0,
}

/// 64-bit registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reg64 {
    /// Capability.
    Cap = 0x08,
    /// Extended capability.
    Ecap = 0x10,
    /// Root table address.
    Rtaddr = 0x20,
    /// Invalidation queue head.
    Iqh = 0x80,
    /// Invalidation queue tail.
    Iqt = 0x88,
    /// Invalidation queue address.
    Iqa = 0x90,
    /// Interrupt remapping table address.
    Irta = 0xb8,
}

/// Register access by name.
pub(crate) trait Registers {
    fn reg32(&self, register: Reg32) -> u32;
    fn reg64(&self, register: Reg64) -> u64;
    fn set32(&mut self, register: Reg32, value: u32);
    fn set64(&mut self, register: Reg64, value: u64);
}

impl<M: Mmio> Registers for M {
    fn reg32(&self, register: Reg32) -> u32 {
        self.read32(register as usize)
    }
    fn reg64(&self, register: Reg64) -> u64 {
        self.read64(register as usize)
    }
    fn set32(&mut self, register: Reg32, value: u32) {
        self.write32(register as usize, value);
    }
    fn set64(&mut self, register: Reg64, value: u64) {
        self.write64(register as usize, value);
    }
}
