// SPDX-License-Identifier: BSD-2-Clause
//! What state a unit is in: version (11.4.1), global status (11.4.4.2), protected memory (11.4.8).

use core::fmt;

use crate::list::write_set;

/// VER_REG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// Major number, never 0.
    pub major: u8,
    /// Minor number.
    pub minor: u8,
}

impl Version {
    /// Decodes the register.
    pub fn decode(value: u32) -> Self {
        Self {
            major: (value >> 4 & 0xf) as u8,
            minor: (value & 0xf) as u8,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// GSTS_REG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobalStatus(pub u32);

impl GlobalStatus {
    /// TES: DMA remapping is on.
    pub fn translation(self) -> bool {
        self.bit(31)
    }
    /// RTPS: a root table is set.
    pub fn root_table(self) -> bool {
        self.bit(30)
    }
    /// QIES: queued invalidation is on.
    pub fn queued_invalidation(self) -> bool {
        self.bit(26)
    }
    /// IRES: interrupt remapping is on.
    pub fn interrupt_remapping(self) -> bool {
        self.bit(25)
    }
    /// IRTPS: an interrupt-remapping table is set.
    pub fn interrupt_table(self) -> bool {
        self.bit(24)
    }
    /// CFIS: compatibility-format interrupts pass.
    pub fn compatibility_interrupts(self) -> bool {
        self.bit(23)
    }

    fn bit(self, n: u32) -> bool {
        self.0 >> n & 1 != 0
    }
}

impl fmt::Display for GlobalStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = |on| if on { "on" } else { "off" };
        write!(
            f,
            "DMA remapping {}, interrupt remapping {}; set: ",
            state(self.translation()),
            state(self.interrupt_remapping()),
        )?;
        write_set(
            f,
            &[
                (self.root_table(), "root table"),
                (self.interrupt_table(), "interrupt table"),
                (self.queued_invalidation(), "queued invalidation"),
                (self.compatibility_interrupts(), "compatibility interrupts"),
            ],
        )
    }
}

/// PMEN_REG and the two regions that it switches: memory that firmware keeps from all DMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProtectedMemory {
    /// EPM: protection was asked for.
    pub enabled: bool,
    /// PRS: protection is in force.
    pub active: bool,
    /// The low region, first and last byte, if the unit has one.
    pub low: Option<(u64, u64)>,
    /// The high region, first and last byte, if the unit has one.
    pub high: Option<(u64, u64)>,
}

impl fmt::Display for ProtectedMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match (self.enabled, self.active) {
            (false, false) => return f.write_str("off"),
            (true, true) => "on",
            (true, false) => "being switched on",
            (false, true) => "being switched off",
        })?;
        for (first, last) in [self.low, self.high].into_iter().flatten() {
            write!(f, ", {first:#x}..={last:#x}")?;
        }
        Ok(())
    }
}
