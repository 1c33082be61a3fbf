// SPDX-License-Identifier: BSD-2-Clause
//! The guest's use of control and debug registers.

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use crate::capability::{cr0_fits, primary, secondary};
use crate::decode::{general_number, linear, register, set_register};
use crate::host::Host;
use crate::hypervisor::{SVME, VMXE};
use crate::leave::{Exit, reason};
use crate::vmcb::code;
use crate::{Cpu, Field};

const CR0_PE: u64 = 1 << 0;
const CR0_TS: u64 = 1 << 3;
const CR0_PG: u64 = 1 << 31;
/// PE, MP, EM, TS: what LMSW loads.
const LMSW: u64 = 0xf;
const CR4_PAE: u64 = 1 << 5;
const LME: u64 = 1 << 8;
const LMA: u64 = 1 << 10;
/// Kinds of access in a qualification.
const MOV_TO: u64 = 0;
const MOV_FROM: u64 = 1;
const CLTS: u64 = 2;
const LMSW_KIND: u64 = 3;

impl<H: Host> Cpu<H> {
    pub(crate) fn control_register_exit(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.invalid_opcode();
        };
        match (
            instruction.mnemonic(),
            instruction.op0_register(),
            instruction.op1_register(),
        ) {
            (Mnemonic::Mov, to, from) if is_control(to) => self.move_to(&instruction, to, from),
            (Mnemonic::Mov, to, from) if is_control(from) => self.move_from(&instruction, from, to),
            (Mnemonic::Clts, ..) => self.clear_task_switched(&instruction),
            (Mnemonic::Lmsw, ..) => self.load_status_word(&instruction),
            (Mnemonic::Smsw, to, _) => {
                let value = self.visible_cr0();
                if instruction.op0_kind() == OpKind::Register {
                    set_register(self.guest, &mut self.registers, to, value);
                } else if let Some(at) = linear(self.guest, &self.registers, &instruction) {
                    self.write_linear(at, &(value as u16).to_le_bytes());
                }
                self.skip(instruction.len() as u64);
            }
            _ => self.invalid_opcode(),
        }
    }

    /// CR0 as the guest reads it (SDM 26.3).
    fn visible_cr0(&self) -> u64 {
        let mask = self.get(Field::CR0_MASK);
        self.guest.cr0 & !mask | self.get(Field::CR0_SHADOW) & mask
    }

    fn visible_cr4(&self) -> u64 {
        let mask = self.get(Field::CR4_MASK);
        (self.guest.cr4 | VMXE) & !mask | self.get(Field::CR4_SHADOW) & mask
    }

    fn move_from(&mut self, instruction: &Instruction, from: Register, to: Register) {
        let exits = match from {
            Register::CR3 => self.has(Field::PRIMARY, primary::CR3_STORE),
            Register::CR8 => self.has(Field::PRIMARY, primary::CR8_STORE),
            _ => false,
        };
        if exits {
            return self.leave_for_register(instruction, MOV_FROM, from, to);
        }
        let value = match from {
            Register::CR0 => self.visible_cr0(),
            Register::CR2 => self.guest.cr2,
            Register::CR3 => self.guest.cr3,
            Register::CR4 => self.visible_cr4(),
            Register::CR8 => self.task_priority() >> 4,
            _ => return self.invalid_opcode(),
        };
        set_register(self.guest, &mut self.registers, to, value);
        self.skip(instruction.len() as u64);
    }

    fn move_to(&mut self, instruction: &Instruction, to: Register, from: Register) {
        let value = register(self.guest, &self.registers, from).unwrap_or(0);
        let owned = |mask: u64, shadow: u64| (value ^ shadow) & mask != 0;
        let exits = match to {
            Register::CR0 => owned(self.get(Field::CR0_MASK), self.get(Field::CR0_SHADOW)),
            Register::CR3 => {
                let targets = self.get(Field::CR3_TARGETS).min(4) as usize;
                let is_target = |i| self.get(Field::CR3_TARGET_0.segment(i)) == value;
                self.has(Field::PRIMARY, primary::CR3_LOAD) && !(0..targets).any(is_target)
            }
            Register::CR4 => owned(self.get(Field::CR4_MASK), self.get(Field::CR4_SHADOW)),
            Register::CR8 => self.has(Field::PRIMARY, primary::CR8_LOAD),
            _ => return self.invalid_opcode(),
        };
        if exits {
            return self.leave_for_register(instruction, MOV_TO, to, from);
        }
        let done = match to {
            Register::CR0 => self.set_cr0(value),
            Register::CR3 => {
                // Bit 63 keeps what is cached, which is nothing here.
                self.guest.cr3 = value & !(1 << 63);
                self.guest.flush = 1;
                true
            }
            Register::CR4 => self.set_cr4(value),
            _ => return self.write_cr8(value, instruction.len() as u64),
        };
        match done {
            true => self.skip(instruction.len() as u64),
            false => self.general_protection(),
        }
    }

    /// Sets the bits of CR0 that are the guest's; whether that is possible.
    fn set_cr0(&mut self, value: u64) -> bool {
        let mask = self.get(Field::CR0_MASK);
        let new = value & !mask | self.guest.cr0 & mask | 1 << 4;
        let unrestricted = self.has_secondary(secondary::UNRESTRICTED_GUEST);
        let paging = new & CR0_PG != 0;
        if value >> 32 != 0 || !cr0_fits(new, unrestricted) || (paging && new & CR0_PE == 0) {
            return false;
        }
        let efer = self.guest.efer;
        if paging && self.guest.cr0 & CR0_PG == 0 && efer & LME != 0 {
            if self.guest.cr4 & CR4_PAE == 0 {
                return false;
            }
            self.guest.efer |= LMA;
        }
        if !paging {
            self.guest.efer = efer & !LMA | SVME;
        }
        self.guest.cr0 = new;
        self.guest.flush = 1;
        true
    }

    fn set_cr4(&mut self, value: u64) -> bool {
        let mask = self.get(Field::CR4_MASK);
        let new = value & !mask | (self.guest.cr4 | VMXE) & mask;
        let possible = self.cr4_of_host();
        let keeps_pae = self.guest.efer & LMA == 0 || new & CR4_PAE != 0;
        if !crate::capability::cr4_fits(new, possible) || !keeps_pae {
            return false;
        }
        self.guest.cr4 = new & !VMXE;
        self.guest.flush = 1;
        true
    }

    fn clear_task_switched(&mut self, instruction: &Instruction) {
        let (mask, shadow) = (self.get(Field::CR0_MASK), self.get(Field::CR0_SHADOW));
        if mask & CR0_TS != 0 && shadow & CR0_TS != 0 {
            return self.leave(Exit {
                qualification: CLTS << 4,
                ..Exit::instruction(reason::CONTROL_REGISTER, instruction.len())
            });
        }
        if mask & CR0_TS == 0 {
            self.guest.cr0 &= !CR0_TS;
        }
        self.skip(instruction.len() as u64);
    }

    fn load_status_word(&mut self, instruction: &Instruction) {
        let in_memory = instruction.op0_kind() != OpKind::Register;
        let at = if in_memory {
            linear(self.guest, &self.registers, instruction)
        } else {
            None
        };
        let source = if let Some(at) = at {
            let mut word = [0; 2];
            self.read_linear(at, &mut word);
            u64::from(u16::from_le_bytes(word))
        } else {
            register(self.guest, &self.registers, instruction.op0_register()).unwrap_or(0) & 0xffff
        };
        let (mask, shadow) = (self.get(Field::CR0_MASK), self.get(Field::CR0_SHADOW));
        // It cannot clear PE, so only setting it counts.
        let differs = (source ^ shadow) & mask & LMSW & !CR0_PE != 0;
        let sets_pe = mask & CR0_PE != 0 && source & CR0_PE != 0 && shadow & CR0_PE == 0;
        if differs || sets_pe {
            return self.leave(Exit {
                qualification: LMSW_KIND << 4 | u64::from(in_memory) << 6 | source << 16,
                linear: at.unwrap_or(0),
                ..Exit::instruction(reason::CONTROL_REGISTER, instruction.len())
            });
        }
        let loaded = LMSW & !mask;
        let kept = self.guest.cr0 & (!loaded | CR0_PE);
        self.guest.cr0 = kept | source & loaded;
        self.skip(instruction.len() as u64);
    }

    fn leave_for_register(
        &mut self,
        instruction: &Instruction,
        kind: u64,
        control: Register,
        general: Register,
    ) {
        let number = control as u64 - Register::CR0 as u64;
        self.leave(Exit {
            qualification: number | kind << 4 | general_number(general) << 8,
            ..Exit::instruction(reason::CONTROL_REGISTER, instruction.len())
        });
    }

    pub(crate) fn debug_register_exit(&mut self) {
        let Some(instruction) = self.instruction() else {
            return self.invalid_opcode();
        };
        let read = self.guest.exit_code < code::DR_WRITE;
        let general = if read {
            instruction.op0_register()
        } else {
            instruction.op1_register()
        };
        let number = self.guest.exit_code & 0xf;
        self.leave(Exit {
            qualification: number | u64::from(read) << 4 | general_number(general) << 8,
            ..Exit::instruction(reason::DEBUG_REGISTER, instruction.len())
        });
    }
}

fn is_control(register: Register) -> bool {
    (Register::CR0..=Register::CR15).contains(&register)
}
