// SPDX-License-Identifier: BSD-2-Clause
//! General registers as operands of all widths.

use sel4_vcpu::{Context, Register};
use vmm_base::Width;

/// A general register, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Gpr {
    register: Register,
    /// AH, CH, DH or BH.
    high: bool,
    width: Width,
}

impl Gpr {
    pub(crate) const fn new(register: Register, width: Width) -> Self {
        Self {
            register,
            high: false,
            width,
        }
    }

    /// The second byte of this register.
    pub(crate) const fn high_byte(register: Register) -> Self {
        Self {
            register,
            high: true,
            width: Width::Byte,
        }
    }

    pub(crate) const fn width(self) -> Width {
        self.width
    }

    #[inline]
    pub(crate) fn get(self, context: &mut Context) -> u64 {
        let rsp = context.rsp;
        let all = context
            .registers
            .operand(self.register)
            .map_or(rsp, |word| *word);
        (if self.high { all >> 8 } else { all }) & self.width.mask()
    }

    /// Writes it as instructions do: 32 bits clear the upper half, fewer leave the rest alone. RSP is
    /// left alone: no entry takes it, and nobody loads it from a device.
    #[inline]
    pub(crate) fn set(self, context: &mut Context, value: u64) {
        let Some(word) = context.registers.operand(self.register) else {
            return;
        };
        let value = value & self.width.mask();
        *word = match self.width {
            Width::Qword | Width::Dword => value,
            Width::Byte if self.high => *word & !0xff00 | value << 8,
            narrow => *word & !narrow.mask() | value,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_written_as_instructions_do() {
        const OLD: u64 = 0x1122_3344_5566_7788;
        let cases = [
            (Gpr::new(Register::Rbx, Width::Qword), 0xffff_ffff_ffff_ffff),
            (Gpr::new(Register::Rbx, Width::Dword), 0x0000_0000_ffff_ffff),
            (Gpr::new(Register::Rbx, Width::Word), 0x1122_3344_5566_ffff),
            (Gpr::new(Register::Rbx, Width::Byte), 0x1122_3344_5566_77ff),
            (Gpr::high_byte(Register::Rbx), 0x1122_3344_5566_ff88),
        ];
        for (register, new) in cases {
            let mut context = Context::at(0);
            context.registers.rbx = OLD;
            register.set(&mut context, u64::MAX);
            assert_eq!(context.registers.rbx, new, "{register:?}");
            assert_eq!(register.get(&mut context), register.width().mask());
        }
    }

    #[test]
    fn the_stack_pointer_is_read_only() {
        let mut context = Context::at(0);
        context.rsp = 0x1234;
        let register = Gpr::new(Register::Rsp, Width::Qword);
        register.set(&mut context, 7);
        assert_eq!(register.get(&mut context), 0x1234);
    }
}
