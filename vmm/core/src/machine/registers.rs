// SPDX-License-Identifier: BSD-2-Clause
//! MOV to and from control registers.

use sel4_vcpu::field::control;
use sel4_vcpu::{Context, ControlRegister, CrAccess, Register};
use vmm_base::Width;

use super::Machine;
use crate::control::{CR0_MASK, Refused, lmsw, set_cr0};
use crate::gpr::Gpr;
use crate::{Cpu, Platform, Stop, inject};

const CR0_TS: u64 = 1 << 3;

impl<C: Cpu, P: Platform> Machine<'_, C, P> {
    pub(super) fn control_register(
        &mut self,
        context: &mut Context,
        access: ControlRegister,
    ) -> Result<(), Stop> {
        let result = match (access.number, access.access) {
            (8, CrAccess::Read(register)) => {
                let class = self.platform.task_priority();
                operand(register).set(context, class.into());
                Ok(())
            }
            (8, CrAccess::Write(register)) => {
                let value = operand(register).get(context);
                return self.set_task_priority(context, value);
            }
            (0, CrAccess::Write(register)) => {
                let value = operand(register).get(context);
                set_cr0(&mut self.cpu, &self.ram, context, value)?
            }
            (_, CrAccess::Clts) => {
                let value = self.visible_cr0(context)? & !CR0_TS;
                set_cr0(&mut self.cpu, &self.ram, context, value)?
            }
            (_, CrAccess::Lmsw { value, .. }) => {
                let value = lmsw(self.visible_cr0(context)?, value);
                set_cr0(&mut self.cpu, &self.ram, context, value)?
            }
            // CR4 exits for bits alone that the guest does not have.
            _ => Err(Refused),
        };
        match result {
            Ok(()) => self.skip(context)?,
            Err(Refused) => inject::general_protection(context),
        }
        Ok(())
    }

    fn set_task_priority(&mut self, context: &mut Context, value: u64) -> Result<(), Stop> {
        if value > 15 {
            inject::general_protection(context);
            return Ok(());
        }
        self.look_at_the_clock();
        self.platform.set_task_priority(value as u8);
        self.skip(context)?;
        self.settle(context)
    }

    /// CR0 as the guest reads it.
    fn visible_cr0(&self, context: &Context) -> sel4::Result<u64> {
        let shadow: u64 = self.cpu.read(control::CR0_SHADOW)?.into();
        Ok(context.cr0 & !CR0_MASK | shadow & CR0_MASK)
    }
}

const fn operand(register: Register) -> Gpr {
    Gpr::new(register, Width::Qword)
}
