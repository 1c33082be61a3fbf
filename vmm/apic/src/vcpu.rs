// SPDX-License-Identifier: BSD-2-Clause
//! The virtual APIC of a virtual CPU of seL4's.

use sel4_vcpu::field::{Field, control, guest};
use sel4_vcpu::{ApicRegister, Primary, Secondary, Vcpu};

use crate::{APIC_PAGE, Mode, VirtualApic};

const END_EXITS: [Field<u64>; 4] = [
    control::EOI_EXIT_0,
    control::EOI_EXIT_1,
    control::EOI_EXIT_2,
    control::EOI_EXIT_3,
];

const DELIVERY: Secondary =
    Secondary::APIC_REGISTER_VIRTUALIZATION.union(Secondary::VIRTUAL_INTERRUPT_DELIVERY);

/// How much of a guest's APIC the CPU does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Help {
    /// It delivers the interrupts and holds the registers: [`LocalApic::virtualised`].
    ///
    /// [`LocalApic::virtualised`]: crate::LocalApic::virtualised
    pub delivery: bool,
    /// The guest has memory at [`APIC_PAGE`], and accesses to it are the CPU's: they are exits of
    /// their own, or none. Else they are EPT violations.
    pub page: bool,
}

impl Help {
    /// What the CPU can do of `wanted` for this virtual CPU, whose extended page tables are those
    /// that it will run with.
    pub fn find(vcpu: Vcpu, delivery: bool) -> Self {
        let page = vcpu.set_apic_access(APIC_PAGE).is_ok();
        let offered = |help: Self| {
            let wanted = [Mode::XApic, Mode::X2Apic].map(|mode| help.secondary(mode));
            wanted.into_iter().all(|wanted| {
                let written = vcpu.write(control::SECONDARY, wanted.bits());
                written.is_ok_and(|had| Secondary::from_bits_truncate(had).contains(wanted))
            })
        };
        let tries = [(delivery, page), (delivery, false), (false, page)];
        let tries = tries.map(|(delivery, page)| Self { delivery, page });
        let none = Self {
            delivery: false,
            page: false,
        };
        tries
            .into_iter()
            .find(|help| offered(*help))
            .unwrap_or(none)
    }

    /// The primary controls that go with it.
    pub const fn primary(self) -> Primary {
        match self.delivery {
            true => Primary::TPR_SHADOW,
            false => Primary::empty(),
        }
    }

    /// The secondary controls for a guest that reaches its APIC in this way.
    pub fn secondary(self, mode: Mode) -> Secondary {
        let access = match mode {
            Mode::XApic if self.page => Secondary::VIRTUALIZE_APIC_ACCESSES,
            Mode::X2Apic if self.delivery => Secondary::VIRTUALIZE_X2APIC,
            _ => Secondary::empty(),
        };
        let delivery = match self.delivery {
            true => DELIVERY,
            false => Secondary::empty(),
        };
        access | delivery
    }
}

/// The kernel refuses none of these while there is a virtual CPU, and without one no guest runs.
impl VirtualApic for Vcpu {
    fn read(&self, offset: u16) -> u32 {
        let register = ApicRegister::at(offset).map(|register| self.read_apic(register));
        register.and_then(Result::ok).unwrap_or(0) as u32
    }

    fn write(&self, offset: u16, value: u64) {
        if let Some(register) = ApicRegister::at(offset) {
            let _ = self.write_apic(register, value);
        }
    }

    fn status(&self) -> u16 {
        Vcpu::read(self, guest::INTERRUPT_STATUS).unwrap_or(0)
    }

    fn set_status(&self, status: u16) {
        let _ = Vcpu::write(self, guest::INTERRUPT_STATUS, status);
    }

    fn post(&self, vector: u8) {
        let _ = self.post_interrupt(vector);
    }

    fn set_end_exits(&self, quarter: u8, vectors: u64) {
        if let Some(field) = END_EXITS.get(usize::from(quarter)) {
            let _ = Vcpu::write(self, *field, vectors);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_follow_the_mode() {
        const NONE: Secondary = Secondary::empty();
        const PAGE: Secondary = Secondary::VIRTUALIZE_APIC_ACCESSES;
        const MSRS: Secondary = Secondary::VIRTUALIZE_X2APIC;
        for (delivery, page, off, xapic, x2apic) in [
            (false, false, NONE, NONE, NONE),
            (false, true, NONE, PAGE, NONE),
            (true, false, DELIVERY, DELIVERY, DELIVERY | MSRS),
            (true, true, DELIVERY, DELIVERY | PAGE, DELIVERY | MSRS),
        ] {
            let help = Help { delivery, page };
            assert_eq!(help.secondary(Mode::Disabled), off);
            assert_eq!(help.secondary(Mode::XApic), xapic);
            assert_eq!(help.secondary(Mode::X2Apic), x2apic);
            // The CPU wants the shadow with all of these but the page.
            assert_eq!(help.primary().is_empty(), !delivery);
        }
    }
}
