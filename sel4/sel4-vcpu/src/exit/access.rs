// SPDX-License-Identifier: BSD-2-Clause
//! The exits that carry data, one type each, decoded from the exit qualification (SDM 28.2.1).

use sel4::Word;

use crate::{Context, Registers};

/// A general register as an operand.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    Rax,
    Rcx,
    Rdx,
    Rbx,
    Rsp,
    Rbp,
    Rsi,
    Rdi,
    R8,
    R9,
    R10,
    R11,
    R12,
    R13,
    R14,
    R15,
}

impl Register {
    const ALL: [Self; 16] = [
        Self::Rax,
        Self::Rcx,
        Self::Rdx,
        Self::Rbx,
        Self::Rsp,
        Self::Rbp,
        Self::Rsi,
        Self::Rdi,
        Self::R8,
        Self::R9,
        Self::R10,
        Self::R11,
        Self::R12,
        Self::R13,
        Self::R14,
        Self::R15,
    ];

    const fn decode(qualification: Word) -> Self {
        Self::ALL[(qualification >> 8 & 0xf) as usize]
    }
}

impl Registers {
    /// The register that an operand names; None for RSP, which is [`Context::rsp`].
    pub fn operand(&mut self, register: Register) -> Option<&mut Word> {
        Some(match register {
            Register::Rax => &mut self.rax,
            Register::Rcx => &mut self.rcx,
            Register::Rdx => &mut self.rdx,
            Register::Rbx => &mut self.rbx,
            Register::Rsp => return None,
            Register::Rbp => &mut self.rbp,
            Register::Rsi => &mut self.rsi,
            Register::Rdi => &mut self.rdi,
            Register::R8 => &mut self.r8,
            Register::R9 => &mut self.r9,
            Register::R10 => &mut self.r10,
            Register::R11 => &mut self.r11,
            Register::R12 => &mut self.r12,
            Register::R13 => &mut self.r13,
            Register::R14 => &mut self.r14,
            Register::R15 => &mut self.r15,
        })
    }
}

/// An access to a control register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlRegister {
    /// Its number: 0, 3, 4 or 8.
    pub number: u8,
    /// What is done.
    pub access: CrAccess,
}

/// What is done to a control register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrAccess {
    /// MOV from this register.
    Write(Register),
    /// MOV to this register.
    Read(Register),
    /// CLTS.
    Clts,
    /// LMSW of this value, from memory at this linear address or from a register.
    #[allow(missing_docs)]
    Lmsw { value: u16, from: Option<Word> },
}

impl ControlRegister {
    pub(super) fn decode(qualification: Word, linear: Word) -> Self {
        const LMSW_FROM_MEMORY: Word = 1 << 6;
        let register = Register::decode(qualification);
        let access = match qualification >> 4 & 3 {
            0 => CrAccess::Write(register),
            1 => CrAccess::Read(register),
            2 => CrAccess::Clts,
            _ => CrAccess::Lmsw {
                value: (qualification >> 16) as u16,
                from: (qualification & LMSW_FROM_MEMORY != 0).then_some(linear),
            },
        };
        Self {
            number: qualification as u8 & 0xf,
            access,
        }
    }
}

/// MOV to or from a debug register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrAccess {
    /// The debug register's number.
    pub number: u8,
    /// Is the debug register read?
    pub read: bool,
    /// The general register.
    pub register: Register,
}

impl DrAccess {
    pub(super) fn decode(qualification: Word) -> Self {
        Self {
            number: qualification as u8 & 7,
            read: qualification >> 4 & 1 != 0,
            register: Register::decode(qualification),
        }
    }
}

/// IN, OUT, INS or OUTS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IoAccess {
    /// The port.
    pub port: u16,
    /// Bytes at once: 1, 2 or 4.
    pub size: u8,
    /// Is it IN or INS?
    pub input: bool,
    /// Is it INS or OUTS? The linear address of the memory is [`Context::guest_linear`].
    pub string: bool,
    /// Has it a REP prefix? RCX is the count.
    pub repeated: bool,
}

impl IoAccess {
    #[inline]
    pub(super) fn decode(qualification: Word) -> Self {
        Self {
            port: (qualification >> 16) as u16,
            size: match qualification & 7 {
                0 => 1,
                1 => 2,
                _ => 4,
            },
            input: qualification & 1 << 3 != 0,
            string: qualification & 1 << 4 != 0,
            repeated: qualification & 1 << 5 != 0,
        }
    }
}

/// WRMSR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MsrAccess {
    /// The register's number.
    pub index: u32,
    /// What is to be written.
    pub value: u64,
}

impl MsrAccess {
    #[inline]
    pub(super) fn decode(registers: &Registers) -> Self {
        const LOW: Word = 0xffff_ffff;
        Self {
            index: registers.rcx as u32,
            value: registers.rax & LOW | registers.rdx << 32,
        }
    }
}

/// An access that the EPT does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EptViolation {
    /// Guest-physical address.
    pub address: Word,
    /// Was it a read?
    pub read: bool,
    /// Was it a write? Instructions that do both set both.
    pub write: bool,
    /// Was it an instruction fetch?
    pub fetch: bool,
    /// The guest-linear address that was translated; None for accesses that have none.
    pub linear: Option<Word>,
    /// Was it the guest's page tables that lay there, not what they point to?
    pub in_page_walk: bool,
    /// Does the EPT have a mapping there, with too few rights?
    pub mapped: bool,
}

impl EptViolation {
    #[inline]
    pub(super) fn decode(context: &Context) -> Self {
        const RIGHTS: Word = 0b111 << 3;
        const LINEAR_VALID: Word = 1 << 7;
        const FINAL: Word = 1 << 8;
        let qualification = context.qualification;
        let has_linear = qualification & LINEAR_VALID != 0;
        Self {
            address: context.guest_physical,
            read: qualification & 1 != 0,
            write: qualification & 1 << 1 != 0,
            fetch: qualification & 1 << 2 != 0,
            linear: has_linear.then_some(context.guest_linear),
            in_page_walk: has_linear && qualification & FINAL == 0,
            mapped: qualification & RIGHTS != 0,
        }
    }
}

/// An access to the APIC-access page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApicAccess {
    /// Offset in the page, of linear accesses.
    pub offset: u16,
    /// What sort of access.
    pub kind: ApicAccessKind,
}

/// What sort of access to the APIC-access page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApicAccessKind {
    /// A read by an instruction.
    Read,
    /// A write by an instruction.
    Write,
    /// An instruction fetch.
    Fetch,
    /// A read or write while an event was delivered.
    Delivery,
    /// An access by guest-physical address: offset unknown.
    Physical,
}

impl ApicAccess {
    pub(super) fn decode(qualification: Word) -> Self {
        Self {
            offset: qualification as u16 & 0xfff,
            kind: match qualification >> 12 & 0xf {
                0 => ApicAccessKind::Read,
                1 => ApicAccessKind::Write,
                2 => ApicAccessKind::Fetch,
                3 => ApicAccessKind::Delivery,
                _ => ApicAccessKind::Physical,
            },
        }
    }
}

/// A task switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskSwitch {
    /// Selector of the new task's segment.
    pub selector: u16,
    /// What asked for it.
    pub source: TaskSwitchSource,
}

/// What asked for a task switch.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskSwitchSource {
    Call,
    Iret,
    Jump,
    Gate,
}

impl TaskSwitch {
    pub(super) fn decode(qualification: Word) -> Self {
        Self {
            selector: qualification as u16,
            source: match qualification >> 30 & 3 {
                0 => TaskSwitchSource::Call,
                1 => TaskSwitchSource::Iret,
                2 => TaskSwitchSource::Jump,
                _ => TaskSwitchSource::Gate,
            },
        }
    }
}
