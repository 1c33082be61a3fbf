// SPDX-License-Identifier: BSD-2-Clause
//! One remapping unit, seen through its registers.

use mmio::{Mmio, Registers};

use crate::registers::{CAP, ECAP, GSTS, PMEN, VER};
use crate::{Capabilities, ExtendedCapabilities, GlobalStatus, Missing};

/// A unit that answers. `M` is the page of its registers.
#[derive(Debug)]
pub struct Unit<M> {
    pub(crate) registers: M,
    capabilities: Capabilities,
    extended: ExtendedCapabilities,
}

impl<M: Mmio> Unit<M> {
    /// PMEN: the protected regions are asked for, and in force.
    pub(crate) const PROTECTED: u32 = 1 << 31 | 1 << 0;

    /// Looks whether a unit answers, and reads what it can do.
    ///
    /// # Errors
    ///
    /// [`Missing::Unit`] where the registers read as a bus with nothing on it: all ones, or all zero.
    pub fn probe(registers: M) -> Result<Self, Missing> {
        let (version, cap) = (registers.get(VER), registers.get(CAP));
        // The major number is never 0, and no unit has every capability or none.
        if version & 0xf0 == 0 || version == u32::MAX || matches!(cap, 0 | u64::MAX) {
            return Err(Missing::Unit(version));
        }
        Ok(Self {
            capabilities: Capabilities(cap),
            extended: ExtendedCapabilities(registers.get(ECAP)),
            registers,
        })
    }

    /// VER_REG (§11.4.1): major and minor number.
    pub fn version(&self) -> (u8, u8) {
        let version = self.registers.get(VER);
        ((version >> 4 & 0xf) as u8, (version & 0xf) as u8)
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
        GlobalStatus(self.registers.get(GSTS))
    }

    /// Whether firmware keeps memory from all DMA (PMEN_REG, §11.4.8): it was asked to, or it is
    /// still in force. Without protected regions the register is reserved.
    pub fn protected_memory(&self) -> bool {
        let has = |flag| self.capabilities.has(flag);
        let has_any = has(Capabilities::PLMR) || has(Capabilities::PHMR);
        has_any && self.registers.get(PMEN) & Self::PROTECTED != 0
    }
}
