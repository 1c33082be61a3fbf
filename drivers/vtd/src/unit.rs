// SPDX-License-Identifier: BSD-2-Clause
//! One remapping unit, seen through its registers.

use core::fmt;

use mmio::Mmio;

use crate::capabilities::Capabilities;
use crate::extended_capabilities::ExtendedCapabilities;
use crate::registers::{Reg32, Reg64, Registers};
use crate::status::{GlobalStatus, ProtectedMemory, Version};

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
    version: Version,
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
        let version = mmio.reg32(Reg32::Ver);
        let capabilities = mmio.reg64(Reg64::Cap);
        // The major number is never 0, and no unit has every capability or none.
        let decoded = Version::decode(version);
        if decoded.major == 0 || version == u32::MAX || matches!(capabilities, 0 | u64::MAX) {
            return Err(Absent(version));
        }
        let extended = mmio.reg64(Reg64::Ecap).into();
        Ok(Self {
            mmio,
            version: decoded,
            capabilities: capabilities.into(),
            extended,
        })
    }

    /// VER_REG.
    pub fn version(&self) -> Version {
        self.version
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

    /// The protected memory regions as they are now.
    pub fn protected_memory(&self) -> ProtectedMemory {
        let enable = self.mmio.reg32(Reg32::Pmen);
        let low = || {
            let base = self.mmio.reg32(Reg32::Plmbase);
            (base.into(), self.mmio.reg32(Reg32::Plmlimit).into())
        };
        let high = || {
            (
                self.mmio.reg64(Reg64::Phmbase),
                self.mmio.reg64(Reg64::Phmlimit),
            )
        };
        let has_any = self.capabilities.plmr() || self.capabilities.phmr();
        ProtectedMemory {
            enabled: has_any && enable >> 31 != 0,
            active: has_any && enable & 1 != 0,
            low: self.capabilities.plmr().then(low),
            high: self.capabilities.phmr().then(high),
        }
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
