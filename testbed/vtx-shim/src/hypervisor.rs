// SPDX-License-Identifier: BSD-2-Clause
//! Exits of the hypervisor: what a CPU with VT-x does and the one underneath does not.

use iced_x86::{Mnemonic, OpKind, Register};

use crate::Cpu;
use crate::capability::{self, FEATURE_CONTROL, LOCKED};
use crate::decode::{register, set_register};
use crate::host::Host;
use crate::vmcb::{code, intercept, intercept_2};

const EFER: u32 = 0xc000_0080;
/// EFER.SVME: on for whoever runs under SVM, and no bit of an Intel CPU.
pub(crate) const SVME: u64 = 1 << 12;
const LMA: u64 = 1 << 10;
pub(crate) const VMXE: u64 = 1 << 13;
/// What EFER may have: SCE, LME, LMA, NXE.
const EFER_POSSIBLE: u64 = 1 << 0 | 1 << 8 | 1 << 10 | 1 << 11;

/// An exit that the shim has no answer to: it ends the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unexpected;

impl<H: Host> Cpu<H> {
    /// Sets what of the hypervisor's doings is stopped. The maps are SVM's, by physical address.
    pub fn prepare_hypervisor(&mut self, msr_map: u64, nested_cr3: u64) {
        let vmcb = &mut *self.hypervisor;
        // QEMU up to 10 looks at the bit of CR0 for reads of all control registers.
        vmcb.cr_reads = 1 << 0 | 1 << 4;
        vmcb.cr_writes = 1 << 4;
        vmcb.exceptions = 1 << 6;
        vmcb.intercepts = intercept::CPUID | intercept::MSR | intercept::SHUTDOWN;
        vmcb.intercepts_2 = intercept_2::SVM;
        vmcb.msr_map = msr_map;
        vmcb.asid = 1;
        vmcb.flush = 1;
        vmcb.nested_paging = 1;
        vmcb.nested_cr3 = nested_cr3;
        vmcb.efer |= SVME;
    }

    /// Handles an exit of the hypervisor, nested page faults excepted.
    ///
    /// # Errors
    ///
    /// If it is none that a hypervisor should make.
    pub fn hypervisor_exit(&mut self) -> Result<(), Unexpected> {
        match self.hypervisor.exit_code {
            code::CR_READ..code::DR_READ => self.hypervisor_control_register(),
            code if code == code::EXCEPTION + 6 => self.vmx_instruction(),
            code::CPUID => self.hypervisor_cpuid(),
            code::MSR if self.hypervisor.exit_info_1 & 1 == 0 => self.hypervisor_read_msr(),
            code::MSR => self.hypervisor_write_msr(),
            code::VMRUN..=code::SKINIT | code::INVLPGA => self.invalid_opcode(),
            _ => return Err(Unexpected),
        }
        Ok(())
    }

    /// Those that CR4.VMXE is seen in, and SMSW, which reads CR0.
    fn hypervisor_control_register(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.invalid_opcode();
        };
        let (into, from) = (instruction.op0_register(), instruction.op1_register());
        let vmcb = &mut *self.hypervisor;
        match (instruction.mnemonic(), into, from) {
            (Mnemonic::Mov, _, Register::CR0) => {
                set_register(vmcb, &mut self.registers, into, vmcb.cr0);
            }
            (Mnemonic::Mov, _, Register::CR2) => {
                set_register(vmcb, &mut self.registers, into, vmcb.cr2);
            }
            (Mnemonic::Mov, _, Register::CR3) => {
                set_register(vmcb, &mut self.registers, into, vmcb.cr3);
            }
            (Mnemonic::Mov, _, Register::CR4) => {
                let value = vmcb.cr4 | if self.vmx.enabled { VMXE } else { 0 };
                set_register(vmcb, &mut self.registers, into, value);
            }
            (Mnemonic::Mov, Register::CR4, _) => {
                let value = register(vmcb, &self.registers, from).unwrap_or(0);
                let enabled = value & VMXE != 0;
                if self.vmx.on.is_some() && !enabled {
                    return self.general_protection();
                }
                vmcb.cr4 = value & !VMXE;
                vmcb.flush = 1;
                self.vmx.enabled = enabled;
            }
            (Mnemonic::Smsw, ..) if instruction.op0_kind() == OpKind::Register => {
                set_register(vmcb, &mut self.registers, into, vmcb.cr0);
            }
            _ => return self.invalid_opcode(),
        }
        self.skip(instruction.len() as u64);
    }

    fn hypervisor_cpuid(&mut self) {
        let leaf = self.hypervisor.rax as u32;
        let answer = self.cpuid(leaf, self.registers[1] as u32, self.hypervisor.cr4);
        self.hypervisor.rax = answer[0].into();
        self.registers[3] = answer[1].into();
        self.registers[1] = answer[2].into();
        self.registers[2] = answer[3].into();
        self.skip(2);
    }

    /// CPUID of an Intel CPU with VT-x and without SVM.
    fn cpuid(&mut self, leaf: u32, subleaf: u32, cr4: u64) -> [u32; 4] {
        const VMX: u32 = 1 << 5;
        const OSXSAVE: u32 = 1 << 27;
        const CR4_OSXSAVE: u64 = 1 << 18;
        const SVM: u32 = 1 << 2;
        let mut answer = self.host.cpuid(leaf, subleaf);
        match leaf {
            0 => {
                let word = |part: &[u8; 4]| u32::from_le_bytes(*part);
                answer[1..].copy_from_slice(&[word(b"Genu"), word(b"ntel"), word(b"ineI")]);
            }
            1 => {
                answer[2] = (answer[2] | VMX) & !OSXSAVE;
                if cr4 & CR4_OSXSAVE != 0 {
                    answer[2] |= OSXSAVE;
                }
            }
            0x8000_0001 => answer[2] &= !SVM,
            0x8000_000a => answer = [0; 4],
            _ => {}
        }
        answer
    }

    fn hypervisor_read_msr(&mut self) {
        let msr = self.registers[1] as u32;
        let value = match msr {
            EFER => Some(self.hypervisor.efer & !SVME),
            FEATURE_CONTROL => Some(self.vmx.feature_control),
            _ => capability::read(msr, self.cr4_of_host()),
        };
        let Some(value) = value else {
            return self.general_protection();
        };
        self.hypervisor.rax = value & 0xffff_ffff;
        self.registers[2] = value >> 32;
        self.skip(2);
    }

    fn hypervisor_write_msr(&mut self) {
        let value = self.hypervisor.rax & 0xffff_ffff | self.registers[2] << 32;
        match self.registers[1] as u32 {
            EFER if value & !EFER_POSSIBLE == 0 => {
                let lma = self.hypervisor.efer & LMA;
                self.hypervisor.efer = value & !LMA | SVME | lma;
            }
            FEATURE_CONTROL if self.vmx.feature_control & LOCKED == 0 => {
                self.vmx.feature_control = value;
            }
            _ => return self.general_protection(),
        }
        self.skip(2);
    }

    /// The bits of CR4 that the CPU underneath has, of those that hypervisors use: by what CPUID says.
    pub(crate) fn cr4_of_host(&mut self) -> u64 {
        // VME, PVI, TSD, DE, PSE, PAE, MCE, PGE, PCE, OSFXSR, OSXMMEXCPT.
        let mut bits = 0x7ff;
        let [_, _, basic, _] = self.host.cpuid(1, 0);
        let [_, extended, ..] = self.host.cpuid(7, 0);
        for (word, from, to) in [
            (basic, 17, 17),    // PCID
            (basic, 26, 18),    // XSAVE
            (extended, 0, 16),  // FSGSBASE
            (extended, 7, 20),  // SMEP
            (extended, 20, 21), // SMAP
        ] {
            bits |= u64::from(word >> from & 1) << to;
        }
        bits
    }
}
