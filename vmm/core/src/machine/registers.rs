// SPDX-License-Identifier: BSD-2-Clause
//! MOV to and from control and debug registers.

use sel4_vcpu::field::{control, guest};
use sel4_vcpu::{Context, ControlRegister, CrAccess, DrAccess, Register};
use vmm_base::Width;

use super::Machine;
use crate::control::{CR0_MASK, Refused, lmsw, set_cr0};
use crate::gpr::Gpr;
use crate::{Cpu, Platform, Stop, inject};

const CR0_TS: u64 = 1 << 3;
const CR4_DE: u64 = 1 << 3;

/// DR0 to DR3, and DR6.
pub(super) const DEBUG_RESET: [u64; 5] = [0, 0, 0, 0, DR6_FIXED];
const DR6_FIXED: u64 = 0xffff_0ff0;
const DR6_WRITABLE: u64 = 0xe00f;
const DR7_FIXED: u64 = 1 << 10;
/// Breakpoints would be the host's: none is ever on.
const DR7_WRITABLE: u64 = 0xffff_2b00 & !(1 << 13);

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

    /// The registers keep what is written to them, but nothing ever breaks: the kernel does not switch
    /// them between guests.
    pub(super) fn debug_register(
        &mut self,
        context: &mut Context,
        access: DrAccess,
    ) -> Result<(), Stop> {
        let number = match access.number {
            4 | 5 if context.cr4 & CR4_DE != 0 => {
                inject::invalid_opcode(context);
                return Ok(());
            }
            4 | 5 => access.number + 2,
            number => number,
        };
        let register = operand(access.register);
        if access.read {
            let value = match number {
                7 => self.cpu.read(guest::DR7)?.into(),
                _ => self.debug[usize::from(number.min(4))],
            };
            register.set(context, value);
        } else {
            let value = register.get(context);
            if number >= 6 && value >> 32 != 0 {
                inject::general_protection(context);
                return Ok(());
            }
            match number {
                7 => self
                    .cpu
                    .write(guest::DR7, value & DR7_WRITABLE | DR7_FIXED)?,
                6 => self.debug[4] = value & DR6_WRITABLE | DR6_FIXED,
                _ => self.debug[usize::from(number)] = value,
            }
        }
        self.skip(context)?;
        Ok(())
    }
}

const fn operand(register: Register) -> Gpr {
    Gpr::new(register, Width::Qword)
}
