// SPDX-License-Identifier: BSD-2-Clause
//! RDMSR and WRMSR.

use sel4_vcpu::field::{control, guest};
use sel4_vcpu::{Context, MsrAccess, Secondary};

use super::{Machine, Next};
use crate::control::set_efer;
use crate::msr::{self, constant};
use crate::{Cpu, Platform, Stop, inject};

impl<C: Cpu, P: Platform> Machine<'_, C, P> {
    pub(super) fn read_msr(&mut self, context: &mut Context, index: u32) -> Result<Next, Stop> {
        self.look_at_the_clock();
        let value = match index {
            msr::TSC => Some(self.cpu.tsc().wrapping_add(self.tsc_offset)),
            msr::TSC_ADJUST => Some(self.tsc_adjust),
            msr::EFER => Some(context.efer),
            msr::DEBUGCTL => Some(self.cpu.read(guest::DEBUGCTL)?),
            msr::APIC_BASE | msr::TSC_DEADLINE | msr::X2APIC..=msr::X2APIC_LAST => {
                self.platform.read_msr(index)
            }
            _ => constant(index).map(|constant| constant.value),
        };
        match value {
            Some(value) => {
                context.registers.rax = value & 0xffff_ffff;
                context.registers.rdx = value >> 32;
                self.skip(context)?;
            }
            None => self.refuse(context, index, None),
        }
        Ok(Next::Enter)
    }

    pub(super) fn write_msr(
        &mut self,
        context: &mut Context,
        access: MsrAccess,
    ) -> Result<Next, Stop> {
        let MsrAccess { index, value } = access;
        self.look_at_the_clock();
        let done = match index {
            msr::TSC => {
                let now = self.cpu.tsc().wrapping_add(self.tsc_offset);
                self.move_tsc(value.wrapping_sub(now))?;
                true
            }
            msr::TSC_ADJUST => {
                self.move_tsc(value.wrapping_sub(self.tsc_adjust))?;
                true
            }
            msr::EFER => set_efer(&mut self.cpu, context, value)?.is_ok(),
            // Branch traces and the like are not there; switching them off is.
            msr::DEBUGCTL => value == 0,
            msr::APIC_BASE => self.set_apic_base(value)?,
            msr::TSC_DEADLINE | msr::X2APIC..=msr::X2APIC_LAST => {
                self.platform.write_msr(index, value).is_some()
            }
            _ => constant(index).is_some_and(|constant| constant.takes(value)),
        };
        match done {
            true => self.skip(context)?,
            false => self.refuse(context, index, Some(value)),
        }
        self.settle(context)?;
        Ok(Next::Enter)
    }

    /// Adds to the guest's TSC. IA32_TSC_ADJUST has the sum of what was added (SDM vol. 3B 19.17.3).
    fn move_tsc(&mut self, by: u64) -> Result<(), Stop> {
        self.tsc_adjust = self.tsc_adjust.wrapping_add(by);
        self.tsc_offset = self.tsc_offset.wrapping_add(by);
        self.cpu.write(control::TSC_OFFSET, self.tsc_offset)?;
        self.look_at_the_clock();
        Ok(())
    }

    /// What the CPU does of the guest's APIC follows from how the guest reaches it.
    fn set_apic_base(&mut self, value: u64) -> Result<bool, Stop> {
        let before = self.platform.apic_controls();
        let done = self.platform.write_msr(msr::APIC_BASE, value).is_some();
        let after = self.platform.apic_controls();
        if before != after {
            let all = Secondary::from_bits_truncate(self.cpu.read(control::SECONDARY)?);
            let new = (all - before) | after;
            self.cpu.write(control::SECONDARY, new.bits())?;
        }
        Ok(done)
    }

    #[cold]
    fn refuse(&mut self, context: &mut Context, index: u32, written: Option<u64>) {
        inject::general_protection(context);
        if !self.refused.is_news(index) {
            return;
        }
        let rip = context.rip;
        match written {
            Some(value) => log::warn!("no MSR {index:#x}: write of {value:#x} at {rip:#x} refused"),
            None => log::warn!("no MSR {index:#x}: read at {rip:#x} refused"),
        }
    }
}
