// SPDX-License-Identifier: BSD-2-Clause
//! IA32_APIC_BASE: how the guest reaches its APIC (SDM vol. 3A 12.4.4 and 12.12.5).

use crate::GeneralProtection;

/// Where the page of the registers is. It cannot be moved.
pub const APIC_PAGE: u64 = 0xfee0_0000;

const BOOT_CPU: u64 = 1 << 8;
const EXTENDED: u64 = 1 << 10;
const ENABLED: u64 = 1 << 11;

/// How the guest reaches its APIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Not at all: it is switched off.
    Disabled,
    /// By the page [`APIC_PAGE`].
    XApic,
    /// By the MSRs 0x800 to 0x8ff.
    X2Apic,
}

impl Mode {
    pub(crate) const fn to_bits(self, boot_cpu: bool) -> u64 {
        let mode = match self {
            Self::Disabled => 0,
            Self::XApic => ENABLED,
            Self::X2Apic => ENABLED | EXTENDED,
        };
        APIC_PAGE | mode | if boot_cpu { BOOT_CPU } else { 0 }
    }

    /// The mode that writing `value` leads to.
    ///
    /// # Errors
    ///
    /// For reserved bits, another page, and the steps that SDM figure 12-27 does not have.
    pub(crate) fn step(self, value: u64) -> Result<Self, GeneralProtection> {
        if value & !(BOOT_CPU | EXTENDED | ENABLED) != APIC_PAGE {
            return Err(GeneralProtection);
        }
        let next = match value & (ENABLED | EXTENDED) {
            0 => Self::Disabled,
            ENABLED => Self::XApic,
            EXTENDED => return Err(GeneralProtection),
            _ => Self::X2Apic,
        };
        match (self, next) {
            (Self::X2Apic, Self::XApic) | (Self::Disabled, Self::X2Apic) => Err(GeneralProtection),
            _ => Ok(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mode::{Disabled, X2Apic, XApic};

    #[test]
    fn steps() {
        for (from, to, allowed) in [
            (Disabled, Disabled, true),
            (Disabled, XApic, true),
            (Disabled, X2Apic, false),
            (XApic, Disabled, true),
            (XApic, XApic, true),
            (XApic, X2Apic, true),
            (X2Apic, Disabled, true),
            (X2Apic, XApic, false),
            (X2Apic, X2Apic, true),
        ] {
            for boot_cpu in [false, true] {
                let step = from.step(to.to_bits(boot_cpu));
                let expected = if allowed {
                    Ok(to)
                } else {
                    Err(GeneralProtection)
                };
                assert_eq!(step, expected, "{from:?} to {to:?}");
            }
        }
    }

    #[test]
    fn values_that_nothing_has() {
        for value in [
            APIC_PAGE | EXTENDED,
            APIC_PAGE | ENABLED | 1,
            APIC_PAGE | ENABLED | 1 << 9,
            APIC_PAGE | ENABLED | 1 << 40,
            0xfec0_0000 | ENABLED,
        ] {
            for mode in [Disabled, XApic, X2Apic] {
                assert_eq!(mode.step(value), Err(GeneralProtection), "{value:#x}");
            }
        }
    }
}
