// SPDX-License-Identifier: BSD-2-Clause
//! Operands of the instructions of VMX, in registers and in memory.

use iced_x86::{Instruction, OpKind};

use super::Fault;
use crate::Cpu;
use crate::decode::{code_size, linear, register, set_register};
use crate::host::Host;

impl<H: Host> Cpu<H> {
    /// The linear address of the operand in memory.
    pub(super) fn operand_address(&self, instruction: &Instruction) -> Result<u64, Fault> {
        linear(self.hypervisor, &self.registers, instruction).ok_or(Fault::InvalidOpcode)
    }

    /// The operand of 64 bits in memory.
    pub(super) fn pointer(&self, instruction: &Instruction) -> Result<u64, Fault> {
        let at = self.operand_address(instruction)?;
        let mut bytes = [0; 8];
        if self.read_linear(at, &mut bytes) < bytes.len() {
            return Err(Fault::Page(at));
        }
        Ok(u64::from_le_bytes(bytes))
    }

    /// The operand of 128 bits in memory.
    pub(super) fn descriptor(&self, instruction: &Instruction) -> Result<[u64; 2], Fault> {
        let at = self.operand_address(instruction)?;
        let mut bytes = [[0; 8]; 2];
        if self.read_linear(at, bytes.as_flattened_mut()) < 16 {
            return Err(Fault::Page(at));
        }
        Ok(bytes.map(u64::from_le_bytes))
    }

    /// An operand in a register or in memory, as wide as the code's addresses.
    pub(super) fn operand(&self, instruction: &Instruction, number: u32) -> Result<u64, Fault> {
        if instruction.op_kind(number) == OpKind::Register {
            let name = instruction.op_register(number);
            return register(self.hypervisor, &self.registers, name).ok_or(Fault::InvalidOpcode);
        }
        let at = self.operand_address(instruction)?;
        let mut bytes = [0; 8];
        let width = self.operand_width();
        if self.read_linear(at, &mut bytes[..width]) < width {
            return Err(Fault::Page(at));
        }
        Ok(u64::from_le_bytes(bytes))
    }

    /// Sets operand 0.
    pub(super) fn set_operand(
        &mut self,
        instruction: &Instruction,
        value: u64,
    ) -> Result<(), Fault> {
        if instruction.op0_kind() == OpKind::Register {
            let name = instruction.op0_register();
            set_register(self.hypervisor, &mut self.registers, name, value);
            return Ok(());
        }
        let at = self.operand_address(instruction)?;
        let width = self.operand_width();
        if !self.write_linear(at, &value.to_le_bytes()[..width]) {
            return Err(Fault::Page(at));
        }
        Ok(())
    }

    fn operand_width(&self) -> usize {
        if code_size(self.hypervisor) == 64 {
            8
        } else {
            4
        }
    }
}
