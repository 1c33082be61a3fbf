// SPDX-License-Identifier: BSD-2-Clause
//! Controller registers (§3.1) in BAR 0.

use mmio::Mmio;

/// 32-bit registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reg32 {
    /// Interrupt mask set.
    Intms = 0x0c,
    /// Controller configuration.
    Cc = 0x14,
    /// Controller status.
    Csts = 0x1c,
    /// Admin queue sizes.
    Aqa = 0x24,
    /// Tail doorbell of the admin submission queue.
    AdminTail = 0x1000,
}

/// 64-bit registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub enum Reg64 {
    /// Capabilities.
    Cap = 0x00,
    /// Admin submission queue address.
    Asq = 0x28,
    /// Admin completion queue address.
    Acq = 0x30,
}

/// Head doorbell of the admin completion queue, whose place depends on CAP.DSTRD.
pub(crate) const fn admin_head(capabilities: u64) -> usize {
    let stride = (capabilities >> 32 & 0xf) as u32;
    0x1000 + (4 << stride)
}

/// Access by name.
pub(crate) trait Registers {
    fn reg32(&self, register: Reg32) -> u32;
    fn set32(&mut self, register: Reg32, value: u32);
    fn reg64(&self, register: Reg64) -> u64;
    fn set64(&mut self, register: Reg64, value: u64);
}

impl<M: Mmio> Registers for M {
    fn reg32(&self, register: Reg32) -> u32 {
        self.read32(register as usize)
    }
    fn set32(&mut self, register: Reg32, value: u32) {
        self.write32(register as usize, value);
    }
    fn reg64(&self, register: Reg64) -> u64 {
        self.read64(register as usize)
    }
    fn set64(&mut self, register: Reg64, value: u64) {
        self.write64(register as usize, value);
    }
}
