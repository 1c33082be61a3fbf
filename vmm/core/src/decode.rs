// SPDX-License-Identifier: BSD-2-Clause
//! Instructions that access devices, by the crate iced-x86: those forms that drivers use.

use iced_x86::{
    Decoder, DecoderOptions, Instruction, MemorySize, Mnemonic, OpKind, Register as Named,
};
use sel4_vcpu::{Register, Segment};
use vmm_base::Width;

use crate::alu::Arithmetic;
use crate::gpr::Gpr;
use crate::mode::CodeSize;

/// Bytes of the longest instruction.
pub(crate) const LONGEST: usize = 15;

/// What an instruction does with the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decoded {
    pub(crate) action: Action,
    /// Of the access.
    pub(crate) width: Width,
    /// Bytes of the instruction.
    pub(crate) length: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// MOV, MOVZX, MOVSX from it.
    Load { to: Gpr, signed: bool },
    /// MOV, MOVNTI to it.
    Store(Operand),
    /// XCHG with it.
    Exchange(Gpr),
    /// Arithmetic with it as left or right operand; the result goes to the left one.
    Arithmetic {
        operation: Arithmetic,
        other: Operand,
        device_is_left: bool,
    },
    /// MOVS, STOS or LODS.
    String(StringMove),
}

/// The operand that is not the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operand {
    Register(Gpr),
    Immediate(u64),
}

/// An instruction that walks through memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct StringMove {
    pub(crate) kind: StringKind,
    /// The segment of RSI, where that is used.
    pub(crate) source: Segment,
    pub(crate) repeated: bool,
    /// Of RSI, RDI and RCX.
    pub(crate) address: Width,
}

/// Which one it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StringKind {
    /// MOVS: from RSI to RDI.
    Move,
    /// STOS: from RAX to RDI.
    Store,
    /// LODS: from RSI to RAX.
    Load,
}

/// Bytes of code, of which the first ones are an instruction. In words, so that nothing of it goes
/// through vector registers, which would cost guest and monitor a switch of the FPU each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Code {
    words: [u64; 2],
    /// How many bytes there are.
    length: usize,
}

impl Code {
    /// All of these words: 16 bytes.
    pub(crate) const fn of_words(words: [u64; 2]) -> Self {
        Self { words, length: 16 }
    }

    /// The first `length` of these bytes.
    pub(crate) fn new(bytes: &[u8; 16], length: usize) -> Self {
        let all = u128::from_le_bytes(*bytes);
        Self {
            words: [all as u64, (all >> 64) as u64],
            length: length.min(16),
        }
    }

    /// As many bytes as an instruction can have; those that are not there are 0.
    pub(crate) fn bytes(&self) -> [u8; LONGEST] {
        let [low, high] = self.words.map(u64::to_le_bytes);
        core::array::from_fn(|at| match at {
            _ if at >= self.length => 0,
            0..8 => low[at],
            _ => high[at - 8],
        })
    }
}

/// Decodes an instruction with a memory operand. None if it is none that is known.
fn decode(code: &Code, size: CodeSize) -> Option<Decoded> {
    let bytes = &code.bytes()[..code.length.min(LONGEST)];
    let mut decoder = Decoder::new(size as u32, bytes, DecoderOptions::NONE);
    let instruction = decoder.decode();
    let (action, width) = action(&instruction)?;
    Some(Decoded {
        action,
        width,
        length: instruction.len() as u8,
    })
}

/// Instructions that are remembered.
const ENTRIES: usize = 16;

/// Remembers instructions by their bytes, which are read anew each time: a guest may change its code.
/// A driver has few places that access its device, and decoding takes longer than all the rest.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cache {
    entries: [Option<(Code, CodeSize, Decoded)>; ENTRIES],
}

impl Cache {
    /// Decodes, or remembers.
    pub(crate) fn decode(&mut self, code: Code, size: CodeSize) -> Option<&Decoded> {
        let low = code.words[0];
        let place = (low ^ low >> 16 ^ low >> 24) as usize % ENTRIES;
        let entry = &mut self.entries[place];
        let known = entry
            .as_ref()
            .is_some_and(|(known, of, _)| *known == code && *of == size);
        if !known {
            *entry = Some((code, size, decode(&code, size)?));
        }
        entry.as_ref().map(|(_, _, decoded)| decoded)
    }
}

fn action(instruction: &Instruction) -> Option<(Action, Width)> {
    let operation = match instruction.mnemonic() {
        Mnemonic::Mov | Mnemonic::Movnti => return moved(instruction),
        Mnemonic::Movzx => return load(instruction, false),
        Mnemonic::Movsx | Mnemonic::Movsxd => return load(instruction, true),
        Mnemonic::Movsb | Mnemonic::Movsw | Mnemonic::Movsd | Mnemonic::Movsq => {
            return string(instruction, StringKind::Move);
        }
        Mnemonic::Stosb | Mnemonic::Stosw | Mnemonic::Stosd | Mnemonic::Stosq => {
            return string(instruction, StringKind::Store);
        }
        Mnemonic::Lodsb | Mnemonic::Lodsw | Mnemonic::Lodsd | Mnemonic::Lodsq => {
            return string(instruction, StringKind::Load);
        }
        Mnemonic::Xchg => {
            let with = match register(instruction, 0) {
                Some(register) => register,
                None => register(instruction, 1)?,
            };
            return Some((Action::Exchange(with), with.width()));
        }
        Mnemonic::Add => Arithmetic::Add,
        Mnemonic::And => Arithmetic::And,
        Mnemonic::Cmp => Arithmetic::Cmp,
        Mnemonic::Or => Arithmetic::Or,
        Mnemonic::Sub => Arithmetic::Sub,
        Mnemonic::Test => Arithmetic::Test,
        Mnemonic::Xor => Arithmetic::Xor,
        _ => return None,
    };
    let device_is_left = instruction.op0_kind() == OpKind::Memory;
    let width = width(instruction)?;
    let other = operand(instruction, u32::from(device_is_left))?;
    let action = Action::Arithmetic {
        operation,
        other,
        device_is_left,
    };
    Some((action, width))
}

fn moved(instruction: &Instruction) -> Option<(Action, Width)> {
    if instruction.op0_kind() != OpKind::Memory {
        return load(instruction, false);
    }
    Some((Action::Store(operand(instruction, 1)?), width(instruction)?))
}

fn load(instruction: &Instruction, signed: bool) -> Option<(Action, Width)> {
    let to = register(instruction, 0)?;
    Some((Action::Load { to, signed }, width(instruction)?))
}

fn string(instruction: &Instruction, kind: StringKind) -> Option<(Action, Width)> {
    let memory = match kind {
        StringKind::Load => instruction.op1_kind(),
        StringKind::Move | StringKind::Store => instruction.op0_kind(),
    };
    let address = match memory {
        OpKind::MemoryESDI | OpKind::MemorySegSI => Width::Word,
        OpKind::MemoryESEDI | OpKind::MemorySegESI => Width::Dword,
        OpKind::MemoryESRDI | OpKind::MemorySegRSI => Width::Qword,
        _ => return None,
    };
    let source = match kind {
        StringKind::Store => Segment::Ds,
        StringKind::Move | StringKind::Load => segment(instruction.memory_segment())?,
    };
    let string = StringMove {
        kind,
        source,
        repeated: instruction.has_rep_prefix() || instruction.has_repne_prefix(),
        address,
    };
    Some((Action::String(string), width(instruction)?))
}

/// The width of the memory operand.
fn width(instruction: &Instruction) -> Option<Width> {
    Some(match instruction.memory_size() {
        MemorySize::UInt8 | MemorySize::Int8 => Width::Byte,
        MemorySize::UInt16 | MemorySize::Int16 => Width::Word,
        MemorySize::UInt32 | MemorySize::Int32 => Width::Dword,
        MemorySize::UInt64 | MemorySize::Int64 => Width::Qword,
        _ => return None,
    })
}

fn operand(instruction: &Instruction, number: u32) -> Option<Operand> {
    match instruction.op_kind(number) {
        OpKind::Register => register(instruction, number).map(Operand::Register),
        OpKind::Immediate8
        | OpKind::Immediate16
        | OpKind::Immediate32
        | OpKind::Immediate8to16
        | OpKind::Immediate8to32
        | OpKind::Immediate8to64
        | OpKind::Immediate32to64 => Some(Operand::Immediate(instruction.immediate(number))),
        _ => None,
    }
}

/// A general register other than RSP.
fn register(instruction: &Instruction, number: u32) -> Option<Gpr> {
    const ALL: [Register; 16] = [
        Register::Rax,
        Register::Rcx,
        Register::Rdx,
        Register::Rbx,
        Register::Rsp,
        Register::Rbp,
        Register::Rsi,
        Register::Rdi,
        Register::R8,
        Register::R9,
        Register::R10,
        Register::R11,
        Register::R12,
        Register::R13,
        Register::R14,
        Register::R15,
    ];
    if instruction.op_kind(number) != OpKind::Register {
        return None;
    }
    let named = instruction.op_register(number);
    // In the numbering, AH to BH stand between BL and SPL.
    let (first, width) = match named {
        Named::AH => return Some(Gpr::high_byte(Register::Rax)),
        Named::CH => return Some(Gpr::high_byte(Register::Rcx)),
        Named::DH => return Some(Gpr::high_byte(Register::Rdx)),
        Named::BH => return Some(Gpr::high_byte(Register::Rbx)),
        Named::AL | Named::CL | Named::DL | Named::BL => (Named::AL as usize, Width::Byte),
        _ if in_range(named, Named::SPL, Named::R15L) => (Named::SPL as usize - 4, Width::Byte),
        _ if in_range(named, Named::AX, Named::R15W) => (Named::AX as usize, Width::Word),
        _ if in_range(named, Named::EAX, Named::R15D) => (Named::EAX as usize, Width::Dword),
        _ if in_range(named, Named::RAX, Named::R15) => (Named::RAX as usize, Width::Qword),
        _ => return None,
    };
    let register = *ALL.get(named as usize - first)?;
    (register != Register::Rsp).then_some(Gpr::new(register, width))
}

fn in_range(named: Named, first: Named, last: Named) -> bool {
    (first as usize..=last as usize).contains(&(named as usize))
}

fn segment(named: Named) -> Option<Segment> {
    Some(match named {
        Named::ES => Segment::Es,
        Named::CS => Segment::Cs,
        Named::SS => Segment::Ss,
        Named::DS => Segment::Ds,
        Named::FS => Segment::Fs,
        Named::GS => Segment::Gs,
        _ => return None,
    })
}
