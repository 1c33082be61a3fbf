// SPDX-License-Identifier: BSD-2-Clause
//! Instructions, by the crate iced-x86. SVM as QEMU emulates it does not tell where an instruction
//! ends, nor what it was.

use iced_x86::{Decoder, DecoderOptions, Instruction, OpKind, Register};

use crate::vmcb::{Segment, Vmcb};

/// Bytes of the longest instruction.
pub const LONGEST: usize = 15;

/// CS is one of 64-bit code; of 32-bit code or a stack of that width.
const LONG: u16 = 1 << 9;
const WIDE: u16 = 1 << 10;
const EFER_LMA: u64 = 1 << 10;

/// General registers in the order of their numbers; RAX and RSP are those of the control block.
pub type Registers = [u64; 16];

/// Bits of addresses and operands of the code that runs.
pub fn code_size(vmcb: &Vmcb) -> u32 {
    if vmcb.efer & EFER_LMA != 0 && vmcb.cs.attributes & LONG != 0 {
        64
    } else if vmcb.cs.attributes & WIDE != 0 {
        32
    } else {
        16
    }
}

/// The linear address of the next instruction.
pub fn instruction_pointer(vmcb: &Vmcb) -> u64 {
    if code_size(vmcb) == 64 {
        vmcb.rip
    } else {
        vmcb.cs.base.wrapping_add(vmcb.rip) & 0xffff_ffff
    }
}

/// Decodes. UD1 with an operand in memory means what the loader made it from: VMPTRLD and its like,
/// which QEMU of some versions does not stop at.
pub fn decode(vmcb: &Vmcb, bytes: &mut [u8]) -> Option<Instruction> {
    restore(bytes);
    let mut decoder = Decoder::with_ip(code_size(vmcb), bytes, vmcb.rip, DecoderOptions::NONE);
    let instruction = decoder.decode();
    (!instruction.is_invalid()).then_some(instruction)
}

/// Turns `0f b9` behind prefixes back into `0f c7`.
fn restore(bytes: &mut [u8]) {
    let is_prefix = |byte: u8| matches!(byte, 0x26 | 0x2e | 0x36 | 0x3e | 0x40..=0x4f | 0x64..=0x67 | 0xf2 | 0xf3);
    let prefixes = bytes.iter().take_while(|byte| is_prefix(**byte)).count();
    if let Some([0x0f, opcode @ 0xb9, modrm]) = bytes.get_mut(prefixes..prefixes + 3)
        && *modrm < 0xc0
    {
        *opcode = 0xc7;
    }
}

/// The value of a register.
pub fn register(vmcb: &Vmcb, registers: &Registers, register: Register) -> Option<u64> {
    let part = Part::of(register)?;
    let value = match part.number {
        0 => vmcb.rax,
        4 => vmcb.rsp,
        number => registers[number],
    };
    Some(value >> part.shift & part.mask)
}

/// Sets a register as an instruction would.
pub fn set_register(vmcb: &mut Vmcb, registers: &mut Registers, register: Register, value: u64) {
    let Some(part) = Part::of(register) else {
        return;
    };
    let place = match part.number {
        0 => &mut vmcb.rax,
        4 => &mut vmcb.rsp,
        number => &mut registers[number],
    };
    *place = match part.mask {
        // Results of 32 bits clear the upper half.
        0xffff_ffff => value & part.mask,
        mask => *place & !(mask << part.shift) | (value & mask) << part.shift,
    };
}

/// The number of the general register that this is a part of, as qualifications have it.
pub fn general_number(register: Register) -> u64 {
    Part::of(register).map_or(0, |part| part.number as u64)
}

/// What part of which general register a name means.
struct Part {
    number: usize,
    shift: u32,
    mask: u64,
}

impl Part {
    fn of(register: Register) -> Option<Self> {
        use Register::{AH, AL, AX, BH, BL, EAX, R15, R15D, R15L, R15W, RAX, SPL};
        let (first, number, mask) = match register {
            _ if (RAX..=R15).contains(&register) => (RAX, 0, u64::MAX),
            _ if (EAX..=R15D).contains(&register) => (EAX, 0, 0xffff_ffff),
            _ if (AX..=R15W).contains(&register) => (AX, 0, 0xffff),
            _ if (SPL..=R15L).contains(&register) => (SPL, 4, 0xff),
            _ if (AH..=BH).contains(&register) => (AH, 0, 0xff),
            _ if (AL..=BL).contains(&register) => (AL, 0, 0xff),
            _ => return None,
        };
        Some(Self {
            number: number + (register as usize - first as usize),
            shift: if first == AH { 8 } else { 0 },
            mask,
        })
    }
}

/// The linear address of a memory operand.
pub fn linear(vmcb: &Vmcb, registers: &Registers, instruction: &Instruction) -> Option<u64> {
    let operand = (0..instruction.op_count()).find(|i| is_memory(instruction.op_kind(*i)))?;
    let long = code_size(vmcb) == 64;
    let address =
        instruction.virtual_address(operand, 0, |name, _, _| match segment(vmcb, name) {
            Some(_) if long && !matches!(name, Register::FS | Register::GS) => Some(0),
            Some(segment) => Some(segment.base),
            None => register(vmcb, registers, name),
        })?;
    Some(if long { address } else { address & 0xffff_ffff })
}

const fn is_memory(kind: OpKind) -> bool {
    matches!(
        kind,
        OpKind::Memory
            | OpKind::MemorySegSI
            | OpKind::MemorySegESI
            | OpKind::MemorySegRSI
            | OpKind::MemoryESDI
            | OpKind::MemoryESEDI
            | OpKind::MemoryESRDI
    )
}

const fn segment(vmcb: &Vmcb, name: Register) -> Option<&Segment> {
    Some(match name {
        Register::ES => &vmcb.es,
        Register::CS => &vmcb.cs,
        Register::SS => &vmcb.ss,
        Register::DS => &vmcb.ds,
        Register::FS => &vmcb.fs,
        Register::GS => &vmcb.gs,
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
