// SPDX-License-Identifier: BSD-2-Clause
//! The instructions of VMX (SDM vol. 3 chapter 31), which the CPU underneath takes for invalid.

use iced_x86::{Instruction, Mnemonic};

use crate::capability::{LOCKED, REVISION, VMX_ENABLED, cr0_fits, cr4_fits};
use crate::decode::code_size;
use crate::host::Host;
use crate::vmcs::REGION;
use crate::{Cpu, Field, Vmcs};

mod operand;

/// How an instruction ends (SDM 31.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Succeed,
    /// Without a current VMCS.
    Invalid,
    /// With this error in it (SDM 31.4).
    Valid(u32),
}

/// Why an instruction did not get that far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    InvalidOpcode,
    GeneralProtection,
    /// At this linear address.
    Page(u64),
}

/// VM-instruction errors.
pub(crate) mod error {
    #![allow(missing_docs)]
    pub const CLEAR_ADDRESS: u32 = 2;
    pub const CLEAR_VMXON: u32 = 3;
    pub const LAUNCH_NOT_CLEAR: u32 = 4;
    pub const RESUME_NOT_LAUNCHED: u32 = 5;
    pub const ENTRY_CONTROLS: u32 = 7;
    pub const ENTRY_HOST_STATE: u32 = 8;
    pub const LOAD_ADDRESS: u32 = 9;
    pub const LOAD_VMXON: u32 = 10;
    pub const LOAD_REVISION: u32 = 11;
    pub const NO_SUCH_FIELD: u32 = 12;
    pub const READ_ONLY_FIELD: u32 = 13;
    pub const ON_IN_OPERATION: u32 = 15;
    pub const INVALIDATION_OPERAND: u32 = 28;
}

/// CF, PF, AF, ZF, SF, OF: all but one of which these instructions clear.
const FLAGS: u64 = 0x8d5;
const CARRY: u64 = 1 << 0;
const ZERO: u64 = 1 << 6;
const CPL_OF_SS: u16 = 3 << 5;

impl<H: Host> Cpu<H> {
    /// The hypervisor executed something that the CPU underneath does not have.
    pub(crate) fn vmx_instruction(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.invalid_opcode();
        };
        let end = match instruction.mnemonic() {
            Mnemonic::Vmlaunch | Mnemonic::Vmresume => {
                return self.enter_by(&instruction);
            }
            Mnemonic::Vmxon => self.vmxon(&instruction),
            Mnemonic::Vmxoff => self.in_operation().map(|()| self.vmxoff()),
            Mnemonic::Vmptrld => self.vmptrld(&instruction),
            Mnemonic::Vmptrst => self.vmptrst(&instruction),
            Mnemonic::Vmclear => self.vmclear(&instruction),
            Mnemonic::Vmread => self.vmread(&instruction),
            Mnemonic::Vmwrite => self.vmwrite(&instruction),
            Mnemonic::Invept => self.invept(&instruction),
            Mnemonic::Invvpid => self.invvpid(&instruction),
            // VMCALL outside a guest, without a monitor of SMM: error 1 or nothing.
            Mnemonic::Vmcall => self.in_operation().map(|()| self.fail(1)),
            _ => Err(Fault::InvalidOpcode),
        };
        match end {
            Ok(end) => {
                self.finish(end);
                self.skip(instruction.len() as u64);
            }
            Err(Fault::InvalidOpcode) => self.invalid_opcode(),
            Err(Fault::GeneralProtection) => self.general_protection(),
            Err(Fault::Page(at)) => {
                self.hypervisor.cr2 = at;
                self.raise(14, Some(0));
            }
        }
    }

    fn enter_by(&mut self, instruction: &Instruction) {
        match self.in_operation() {
            Ok(()) => {}
            Err(Fault::InvalidOpcode) => return self.invalid_opcode(),
            Err(_) => return self.general_protection(),
        }
        self.skip(instruction.len() as u64);
        let end = self.enter(instruction.mnemonic() == Mnemonic::Vmlaunch);
        if let Err(end) = end {
            self.finish(end);
        }
    }

    /// Sets the flags, and the error if there is one.
    fn finish(&mut self, end: End) {
        let flags = match end {
            End::Succeed => 0,
            End::Invalid => CARRY,
            End::Valid(error) => {
                self.set(Field::INSTRUCTION_ERROR, error.into());
                ZERO
            }
        };
        self.hypervisor.rflags = self.hypervisor.rflags & !FLAGS | flags;
    }

    /// What a failure with an error becomes (SDM 31.2).
    pub(crate) fn fail(&self, error: u32) -> End {
        match self.vmx.current {
            Some(_) => End::Valid(error),
            None => End::Invalid,
        }
    }

    /// In VMX operation, at privilege level 0?
    fn in_operation(&self) -> Result<(), Fault> {
        if self.vmx.on.is_none() {
            return Err(Fault::InvalidOpcode);
        }
        self.privileged()
    }

    fn privileged(&self) -> Result<(), Fault> {
        if self.hypervisor.ss.attributes & CPL_OF_SS != 0 {
            return Err(Fault::GeneralProtection);
        }
        Ok(())
    }

    fn vmxon(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        if !self.vmx.enabled || code_size(self.hypervisor) == 16 {
            return Err(Fault::InvalidOpcode);
        }
        self.privileged()?;
        if self.vmx.on.is_some() {
            return Ok(self.fail(error::ON_IN_OPERATION));
        }
        let cr4 = self.cr4_of_host();
        if self.vmx.feature_control & (LOCKED | VMX_ENABLED) != LOCKED | VMX_ENABLED
            || !cr0_fits(self.hypervisor.cr0, false)
            || !cr4_fits(self.hypervisor.cr4 | super::hypervisor::VMXE, cr4)
        {
            return Err(Fault::GeneralProtection);
        }
        let at = self.pointer(instruction)?;
        if !is_region(at) || self.host.read_u32(at) != Ok(REVISION) {
            return Ok(End::Invalid);
        }
        self.vmx.on = Some(at);
        self.vmx.current = None;
        self.host.log(format_args!(
            "VMXON: the hypervisor uses VT-x, which is emulated"
        ));
        Ok(End::Succeed)
    }

    fn vmxoff(&mut self) -> End {
        self.vmx.on = None;
        self.vmx.current = None;
        End::Succeed
    }

    fn vmptrld(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let at = self.pointer(instruction)?;
        if !is_region(at) {
            return Ok(self.fail(error::LOAD_ADDRESS));
        }
        if self.vmx.on == Some(at) {
            return Ok(self.fail(error::LOAD_VMXON));
        }
        match Vmcs::load(&self.host, at) {
            Ok(Some(vmcs)) => {
                self.vmx.current = Some(vmcs);
                Ok(End::Succeed)
            }
            Ok(None) => Ok(self.fail(error::LOAD_REVISION)),
            Err(_) => Ok(self.fail(error::LOAD_ADDRESS)),
        }
    }

    fn vmptrst(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let current = self.vmx.current.map_or(u64::MAX, Vmcs::address);
        let at = self.operand_address(instruction)?;
        if !self.write_linear(at, &current.to_le_bytes()) {
            return Err(Fault::Page(at));
        }
        Ok(End::Succeed)
    }

    fn vmclear(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let at = self.pointer(instruction)?;
        if !is_region(at) {
            return Ok(self.fail(error::CLEAR_ADDRESS));
        }
        if self.vmx.on == Some(at) {
            return Ok(self.fail(error::CLEAR_VMXON));
        }
        if Vmcs::clear(&self.host, at).is_err() {
            return Ok(self.fail(error::CLEAR_ADDRESS));
        }
        if self.vmx.current.map(Vmcs::address) == Some(at) {
            self.vmx.current = None;
        }
        Ok(End::Succeed)
    }

    fn vmread(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let Some(vmcs) = self.vmx.current else {
            return Ok(End::Invalid);
        };
        let Some((field, upper)) = Field::find(self.operand(instruction, 1)?) else {
            return Ok(self.fail(error::NO_SUCH_FIELD));
        };
        let value = vmcs.read(&self.host, field) >> if upper { 32 } else { 0 };
        self.set_operand(instruction, value)?;
        Ok(End::Succeed)
    }

    fn vmwrite(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let Some(vmcs) = self.vmx.current else {
            return Ok(End::Invalid);
        };
        let value = self.operand(instruction, 1)?;
        let Some((field, upper)) = Field::find(self.operand(instruction, 0)?) else {
            return Ok(self.fail(error::NO_SUCH_FIELD));
        };
        if field.is_read_only() {
            return Ok(self.fail(error::READ_ONLY_FIELD));
        }
        let value = if upper {
            vmcs.read(&self.host, field) & 0xffff_ffff | value << 32
        } else {
            value
        };
        vmcs.write(&self.host, field, value);
        Ok(End::Succeed)
    }

    fn invept(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let kind = self.operand(instruction, 0)?;
        let [pointer, _] = self.descriptor(instruction)?;
        match kind {
            1 if super::checks::ept_pointer_fits(pointer) => self.shadow.forget(pointer),
            2 => self.shadow.forget_all(),
            _ => return Ok(self.fail(error::INVALIDATION_OPERAND)),
        }
        Ok(End::Succeed)
    }

    /// Every entry of the guest flushes what the CPU underneath has cached.
    fn invvpid(&mut self, instruction: &Instruction) -> Result<End, Fault> {
        self.in_operation()?;
        let kind = self.operand(instruction, 0)?;
        let [vpid, address] = self.descriptor(instruction)?;
        let reserved = vpid >> 16 != 0;
        let canonical = address as i64 >> 47 == 0 || address as i64 >> 47 == -1;
        let fits = match kind {
            0 => vpid != 0 && canonical,
            1 | 3 => vpid != 0,
            2 => true,
            _ => false,
        };
        if !fits || reserved {
            return Ok(self.fail(error::INVALIDATION_OPERAND));
        }
        Ok(End::Succeed)
    }
}

/// Can a region of VMX be there?
const fn is_region(at: u64) -> bool {
    at.is_multiple_of(REGION) && at >> 40 == 0
}

#[cfg(test)]
mod tests;
