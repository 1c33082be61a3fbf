// SPDX-License-Identifier: BSD-2-Clause
//! Arithmetic whose one operand is a device's register: the result and the flags.

use vmm_base::Width;

const CARRY: u64 = 1;
const PARITY: u64 = 1 << 2;
const ADJUST: u64 = 1 << 4;
const ZERO: u64 = 1 << 6;
const SIGN: u64 = 1 << 7;
const OVERFLOW: u64 = 1 << 11;
const ALL: u64 = CARRY | PARITY | ADJUST | ZERO | SIGN | OVERFLOW;

/// An operation on two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Add,
    And,
    /// A subtraction of which only the flags stay.
    Cmp,
    Or,
    Sub,
    /// An AND of which only the flags stay.
    Test,
    Xor,
}

impl Arithmetic {
    /// Is the result written?
    pub(crate) const fn has_result(self) -> bool {
        !matches!(self, Self::Cmp | Self::Test)
    }

    /// The result, and RFLAGS afterwards. AF of a logical operation, which is undefined, is clear.
    pub(crate) fn apply(self, left: u64, right: u64, width: Width, rflags: u64) -> (u64, u64) {
        let (mask, top) = (width.mask(), width.mask() ^ (width.mask() >> 1));
        let (left, right) = (left & mask, right & mask);
        let result = mask
            & match self {
                Self::Add => left.wrapping_add(right),
                Self::Sub | Self::Cmp => left.wrapping_sub(right),
                Self::And | Self::Test => left & right,
                Self::Or => left | right,
                Self::Xor => left ^ right,
            };
        let (carry, overflow, adjust) = match self {
            Self::Add => (
                result < left,
                !(left ^ right) & (left ^ result) & top != 0,
                (left ^ right ^ result) & 0x10 != 0,
            ),
            Self::Sub | Self::Cmp => (
                left < right,
                (left ^ right) & (left ^ result) & top != 0,
                (left ^ right ^ result) & 0x10 != 0,
            ),
            _ => (false, false, false),
        };
        let flag = |set: bool, bit: u64| if set { bit } else { 0 };
        let flags = flag(carry, CARRY)
            | flag((result as u8).count_ones().is_multiple_of(2), PARITY)
            | flag(adjust, ADJUST)
            | flag(result == 0, ZERO)
            | flag(result & top != 0, SIGN)
            | flag(overflow, OVERFLOW);
        (result, rflags & !ALL | flags)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::arch::asm;
    use proptest::prelude::*;

    /// What the CPU that runs the test makes of it.
    macro_rules! on_the_cpu {
        ($instruction:literal, $left:expr, $right:expr) => {{
            let (mut result, flags): (u64, u64);
            result = $left;
            // SAFETY: it computes in registers, and leaves the stack as it was.
            unsafe {
                asm!(
                    concat!($instruction, " {left:e}, {right:e}"), "pushfq", "pop {flags}",
                    left = inout(reg) result, right = in(reg) $right, flags = out(reg) flags,
                )
            };
            (result & 0xffff_ffff, flags & ALL)
        }};
    }

    proptest! {
        #[test]
        fn as_the_cpu_does_it(left: u32, right: u32) {
            for (left, right) in [(left, right), (left, left), (left, 0), (left, !left)] {
                let (l, r) = (u64::from(left), u64::from(right));
                let apply = |op: Arithmetic| op.apply(l, r, Width::Dword, 0);
                prop_assert_eq!(apply(Arithmetic::Add), on_the_cpu!("add", l, r));
                prop_assert_eq!(apply(Arithmetic::Sub), on_the_cpu!("sub", l, r));
                prop_assert_eq!(apply(Arithmetic::And), on_the_cpu!("and", l, r));
                prop_assert_eq!(apply(Arithmetic::Or), on_the_cpu!("or", l, r));
                prop_assert_eq!(apply(Arithmetic::Xor), on_the_cpu!("xor", l, r));
                prop_assert_eq!(apply(Arithmetic::Cmp).1, on_the_cpu!("cmp", l, r).1);
                prop_assert_eq!(apply(Arithmetic::Test).1, on_the_cpu!("test", l, r).1);
            }
        }
    }

    #[test]
    fn widths_have_a_sign_of_their_own() {
        for width in [Width::Byte, Width::Word, Width::Dword, Width::Qword] {
            let (result, flags) = Arithmetic::Sub.apply(0, 1, width, 0);
            assert_eq!(result, width.mask());
            assert_eq!(flags & (CARRY | SIGN | ZERO), CARRY | SIGN);
        }
    }

    #[test]
    fn other_flags_stay() {
        let (_, flags) = Arithmetic::Test.apply(1, 1, Width::Byte, u64::MAX);
        assert_eq!(flags, !ALL);
    }
}
