// SPDX-License-Identifier: BSD-2-Clause
//! A CPU with VT-x, as the hypervisor sees it.

use iced_x86::{Instruction, Mnemonic, OpKind};

use crate::decode::{self, LONGEST, Registers};
use crate::host::Host;
use crate::paging::{Extended, Paging, extended};
use crate::shadow::Shadow;
use crate::vmcb::Vmcb;
use crate::{Field, Vmcs};

/// A CPU. The hypervisor and its guest take turns on it; each has a control block of SVM.
pub struct Cpu<H> {
    /// The machine underneath.
    pub host: H,
    /// The hypervisor's state; while the guest runs, what it was at the entry.
    pub hypervisor: &'static mut Vmcb,
    /// The guest's.
    pub guest: &'static mut Vmcb,
    /// General registers of whoever runs.
    pub registers: Registers,
    /// Does the guest run?
    pub inside: bool,
    /// Does the guest wait in HLT?
    pub halted: bool,
    /// Each MSR's right in the guest's map: 8 KiB, as SVM wants it.
    pub guest_msr_map: &'static mut [u8; 0x2000],
    pub(crate) vmx: Vmx,
    /// Are NMIs held back until IRET?
    pub(crate) nmi_blocked: bool,
    pub(crate) shadow: Shadow,
    /// The length of the instruction that stands for a software event that was injected.
    pub(crate) software_event: u64,
    /// When the preemption timer ends, in ticks of the TSC.
    pub(crate) deadline: Option<u64>,
    /// Has it run at all since the entry?
    pub(crate) has_run: bool,
    /// RFLAGS.TF as the guest has it, while the shim uses it.
    pub(crate) trap_flag: bool,
}

/// What VMX adds to the state of a CPU.
#[derive(Debug, Default)]
pub(crate) struct Vmx {
    pub(crate) feature_control: u64,
    /// CR4.VMXE, which the CPU underneath does not have.
    pub(crate) enabled: bool,
    /// The VMXON region, in VMX operation.
    pub(crate) on: Option<u64>,
    pub(crate) current: Option<Vmcs>,
}

impl<H: Host> Cpu<H> {
    /// A CPU that is not in VMX operation, with tables for shadow page tables at `tables`.
    pub fn new(
        host: H,
        hypervisor: &'static mut Vmcb,
        guest: &'static mut Vmcb,
        guest_msr_map: &'static mut [u8; 0x2000],
        shadow: Shadow,
    ) -> Self {
        Self {
            host,
            hypervisor,
            guest,
            registers: [0; 16],
            inside: false,
            halted: false,
            nmi_blocked: false,
            guest_msr_map,
            vmx: Vmx::default(),
            shadow,
            software_event: 0,
            deadline: None,
            has_run: false,
            trap_flag: false,
        }
    }

    /// A field of the current VMCS, or 0 without one.
    pub(crate) fn get(&self, field: Field) -> u64 {
        (self.vmx.current).map_or(0, |vmcs| vmcs.read(&self.host, field))
    }

    /// Is a control set?
    pub(crate) fn has(&self, field: Field, control: u32) -> bool {
        self.get(field) & u64::from(control) != 0
    }

    /// Is a secondary control set, and are they in use?
    pub(crate) fn has_secondary(&self, control: u32) -> bool {
        self.has(Field::PRIMARY, crate::capability::primary::SECONDARY)
            && self.has(Field::SECONDARY, control)
    }

    /// Sets a field of the current VMCS.
    pub(crate) fn set(&self, field: Field, value: u64) {
        if let Some(vmcs) = self.vmx.current {
            vmcs.write(&self.host, field, value);
        }
    }

    /// The control block of whoever runs.
    pub(crate) fn running(&mut self) -> &mut Vmcb {
        if self.inside {
            self.guest
        } else {
            self.hypervisor
        }
    }

    /// Who runs goes on behind an instruction.
    pub(crate) fn skip(&mut self, length: u64) {
        let vmcb = self.running();
        let next = vmcb.rip.wrapping_add(length);
        vmcb.rip = if decode::code_size(vmcb) == 64 {
            next
        } else {
            next & 0xffff_ffff
        };
        vmcb.interrupt_shadow = 0;
    }

    /// Raises an exception in whoever runs.
    pub(crate) fn raise(&mut self, vector: u8, error: Option<u32>) {
        const EXCEPTION: u64 = 1 << 31 | 3 << 8;
        let error = error.map_or(0, |code| 1 << 11 | u64::from(code) << 32);
        self.running().event = EXCEPTION | u64::from(vector) | error;
    }

    /// General-protection fault.
    pub(crate) fn general_protection(&mut self) {
        self.raise(13, Some(0));
    }

    /// Invalid-opcode fault.
    pub(crate) fn invalid_opcode(&mut self) {
        self.raise(6, None);
    }

    /// The physical address of a linear one of whoever runs.
    pub(crate) fn physical(&self, linear: u64) -> Option<u64> {
        let vmcb: &Vmcb = if self.inside {
            self.guest
        } else {
            self.hypervisor
        };
        let paging = Paging {
            cr0: vmcb.cr0,
            cr3: vmcb.cr3,
            cr4: vmcb.cr4,
            efer: vmcb.efer,
        };
        let address = paging.translate(linear, |at, bytes| self.entry(at, bytes))?;
        self.extended(address)
    }

    /// The guest-physical address of a linear one of the guest.
    pub(crate) fn guest_physical(&self, linear: u64) -> Option<u64> {
        let paging = Paging {
            cr0: self.guest.cr0,
            cr3: self.guest.cr3,
            cr4: self.guest.cr4,
            efer: self.guest.efer,
        };
        paging.translate(linear, |at, bytes| self.entry(at, bytes))
    }

    fn entry(&self, at: u64, bytes: usize) -> Option<u64> {
        let mut value = [0; 8];
        let physical = self.extended(at)?;
        self.host.read(physical, value.get_mut(..bytes)?).ok()?;
        Some(u64::from_le_bytes(value))
    }

    /// What the EPT makes of an address, if the guest runs and has one.
    fn extended(&self, address: u64) -> Option<u64> {
        if !self.inside || !self.has_secondary(crate::capability::secondary::EPT) {
            return Some(address);
        }
        match extended(&self.host, self.get(Field::EPT_POINTER), address) {
            Extended::Mapped(mapping) => Some(mapping.physical),
            Extended::Absent | Extended::Malformed => None,
        }
    }

    /// Reads memory of whoever runs, by linear address; how many bytes could be.
    pub(crate) fn read_linear(&self, linear: u64, into: &mut [u8]) -> usize {
        for i in 0..into.len() {
            // Pages end anywhere in it.
            let place = self.physical(linear.wrapping_add(i as u64));
            let read = place.map(|at| self.host.read(at, &mut into[i..=i]));
            if read != Some(Ok(())) {
                return i;
            }
        }
        into.len()
    }

    /// Writes it; whether all could be.
    pub(crate) fn write_linear(&self, linear: u64, from: &[u8]) -> bool {
        from.iter().enumerate().all(|(i, byte)| {
            let place = self.physical(linear.wrapping_add(i as u64));
            place.is_some_and(|at| self.host.write(at, &[*byte]).is_ok())
        })
    }

    /// The instruction that whoever runs was about to execute.
    pub(crate) fn instruction(&mut self) -> Option<Instruction> {
        let mut bytes = [0; LONGEST];
        let pointer = decode::instruction_pointer(self.running());
        let length = self.read_linear(pointer, &mut bytes);
        // Addresses may be relative to FS and GS, which the CPU holds.
        if self.inside {
            self.host.save(self.guest);
        } else {
            self.host.save(self.hypervisor);
        }
        decode::decode(self.running(), &mut bytes[..length])
    }

    /// The value that the hypervisor was about to write to memory, 32 bits by MOV; then it goes on
    /// behind the instruction.
    pub fn stored_value(&mut self) -> Option<u32> {
        let instruction = self.instruction()?;
        if instruction.mnemonic() != Mnemonic::Mov {
            return None;
        }
        let value = match instruction.op1_kind() {
            OpKind::Register => {
                decode::register(self.hypervisor, &self.registers, instruction.op1_register())?
            }
            _ => instruction.immediate(1),
        };
        self.skip(instruction.len() as u64);
        Some(value as u32)
    }

    /// A general-protection fault in the hypervisor.
    pub fn general_protection_of_hypervisor(&mut self) {
        if !self.inside {
            self.general_protection();
        }
    }
}
