// SPDX-License-Identifier: BSD-2-Clause
//! IN, OUT, INS, OUTS of the guest.

use crate::capability::primary;
use crate::decode::linear;
use crate::host::Host;
use crate::leave::{Exit, reason};
use crate::{Cpu, Field};

/// Bits of what SVM tells.
const IN: u64 = 1 << 0;
const STRING: u64 = 1 << 2;
const REPEATED: u64 = 1 << 3;

impl<H: Host> Cpu<H> {
    pub(crate) fn port_exit(&mut self) {
        let details = self.guest.exit_info_1;
        let port = (details >> 16) as u16;
        let bytes = (details >> 4 & 7) as usize;
        let length = self.guest.exit_info_2.wrapping_sub(self.guest.rip);
        // A string instruction whose repetitions the hypervisor lets through would be walked here;
        // nobody lets ports of such devices through.
        if self.port_exits(port, bytes) || details & STRING != 0 {
            return self.leave_for_port(details, port, bytes, length);
        }
        if details & IN != 0 {
            let value = u64::from(self.host.input(port, bytes));
            self.guest.rax = match bytes {
                1 => self.guest.rax & !0xff | value,
                2 => self.guest.rax & !0xffff | value,
                _ => value,
            };
        } else {
            let value = self.guest.rax as u32 & (u64::MAX >> (64 - 8 * bytes)) as u32;
            self.host.output(port, bytes, value);
        }
        self.skip(length);
    }

    /// What controls and bitmaps say (SDM 26.1.3).
    fn port_exits(&self, port: u16, bytes: usize) -> bool {
        if !self.has(Field::PRIMARY, primary::IO_BITMAPS) {
            return self.has(Field::PRIMARY, primary::UNCONDITIONAL_IO);
        }
        (0..bytes as u32).any(|i| {
            let port = u32::from(port) + i;
            // An access that wraps around exits.
            let (bitmap, bit) = match port {
                0..0x8000 => (Field::IO_BITMAP_A, port),
                0x8000..0x1_0000 => (Field::IO_BITMAP_B, port - 0x8000),
                _ => return true,
            };
            let mut byte = [0xff];
            let _ = self
                .host
                .read(self.get(bitmap) + u64::from(bit / 8), &mut byte);
            byte[0] >> (bit % 8) & 1 != 0
        })
    }

    fn leave_for_port(&mut self, details: u64, port: u16, bytes: usize, length: u64) {
        let mut qualification = (bytes as u64 - 1) | u64::from(port) << 16;
        for (is, bit) in [(IN, 3), (STRING, 4), (REPEATED, 5)] {
            qualification |= u64::from(details & is != 0) << bit;
        }
        let (mut information, mut at) = (0, 0);
        let instruction = self.instruction();
        if let Some(instruction) = instruction {
            // An immediate port: E4, E5, E6, E7.
            let immediate = (0..instruction.op_count())
                .any(|i| instruction.op_kind(i) == iced_x86::OpKind::Immediate8);
            qualification |= u64::from(immediate) << 6;
            if details & STRING != 0 {
                at = linear(self.guest, &self.registers, &instruction).unwrap_or(0);
                information = string_information(&instruction);
            }
        }
        self.set(Field::IO_RCX, self.registers[1]);
        self.set(Field::IO_RSI, self.registers[6]);
        self.set(Field::IO_RDI, self.registers[7]);
        self.set(Field::IO_RIP, self.guest.rip);
        self.leave(Exit {
            qualification,
            length,
            information,
            linear: at,
            ..Exit::of(reason::IO)
        });
    }
}

/// Address size, and segment of OUTS (SDM table "Format of the VM-Exit Instruction-Information Field
/// as Used for INS and OUTS").
fn string_information(instruction: &iced_x86::Instruction) -> u64 {
    use iced_x86::{OpKind, Register};
    let operand = (0..instruction.op_count())
        .map(|i| instruction.op_kind(i))
        .find(|kind| !matches!(kind, OpKind::Register));
    let address = match operand {
        Some(OpKind::MemorySegSI | OpKind::MemoryESDI) => 0,
        Some(OpKind::MemorySegESI | OpKind::MemoryESEDI) => 1,
        _ => 2,
    };
    let segment = match instruction.memory_segment() {
        Register::ES => 0,
        Register::CS => 1,
        Register::SS => 2,
        Register::FS => 4,
        Register::GS => 5,
        _ => 3,
    };
    address << 7 | segment << 15
}
