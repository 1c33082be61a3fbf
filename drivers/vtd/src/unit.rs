// SPDX-License-Identifier: BSD-2-Clause
//! One remapping unit, seen through its registers.

use core::fmt;

use mmio::Mmio;

use crate::registers::{Reg32, Reg64, Registers};
use crate::{Capabilities, ExtendedCapabilities, GlobalStatus};

/// There is no remapping unit at the address: VER_REG reads as this.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Absent(pub u32);

impl fmt::Display for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "no remapping unit answers here (VER reads {:#x})",
            self.0
        )
    }
}

impl core::error::Error for Absent {}

/// A unit that answers. `M` is the page of its registers.
#[derive(Debug)]
pub struct Unit<M> {
    mmio: M,
    version: u32,
    capabilities: Capabilities,
    extended: ExtendedCapabilities,
}

impl<M: Mmio> Unit<M> {
    /// Looks whether a unit answers, and reads what it can do.
    ///
    /// # Errors
    ///
    /// [`Absent`] where the registers read as a bus with nothing on it: all ones, or all zero.
    pub fn probe(mmio: M) -> Result<Self, Absent> {
        let (version, cap) = (mmio.reg32(Reg32::Ver), mmio.reg64(Reg64::Cap));
        // The major number is never 0, and no unit has every capability or none.
        if version & 0xf0 == 0 || version == u32::MAX || matches!(cap, 0 | u64::MAX) {
            return Err(Absent(version));
        }
        let capabilities = Capabilities(cap);
        let extended = ExtendedCapabilities(mmio.reg64(Reg64::Ecap));
        Ok(Self {
            mmio,
            version,
            capabilities,
            extended,
        })
    }

    /// VER_REG (§11.4.1): major and minor number.
    pub fn version(&self) -> (u8, u8) {
        ((self.version >> 4 & 0xf) as u8, (self.version & 0xf) as u8)
    }

    /// CAP_REG.
    pub fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    /// ECAP_REG.
    pub fn extended_capabilities(&self) -> ExtendedCapabilities {
        self.extended
    }

    /// GSTS_REG as it is now.
    pub fn global_status(&self) -> GlobalStatus {
        GlobalStatus(self.mmio.reg32(Reg32::Gsts))
    }

    /// Whether firmware keeps memory from all DMA (PMEN_REG, §11.4.8): it was asked to, or it is
    /// still in force. Without protected regions the register is reserved.
    pub fn protected_memory(&self) -> bool {
        let has_any = self.capabilities.plmr() || self.capabilities.phmr();
        has_any && self.mmio.reg32(Reg32::Pmen) & (1 << 31 | 1) != 0
    }

    /// The size in bytes of the register region that is mapped.
    pub fn size(&self) -> usize {
        self.mmio.size()
    }

    /// The registers, for what changes the unit's state.
    pub(crate) fn registers(&mut self) -> &mut M {
        &mut self.mmio
    }
}
