// SPDX-License-Identifier: BSD-2-Clause
//! Registers of a thread.

use crate::Word;

/// Number of registers of a [`UserContext`].
pub(crate) const REGISTERS: usize = 19;

/// The registers of a thread, in the order of Read/WriteRegisters (`seL4_UserContext`).
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(C)]
pub struct UserContext {
    pub rip: Word,
    pub rsp: Word,
    pub rflags: Word,
    pub rax: Word,
    pub rbx: Word,
    pub rcx: Word,
    pub rdx: Word,
    pub rsi: Word,
    pub rdi: Word,
    pub rbp: Word,
    pub r8: Word,
    pub r9: Word,
    pub r10: Word,
    pub r11: Word,
    pub r12: Word,
    pub r13: Word,
    pub r14: Word,
    pub r15: Word,
    /// Base of the FS segment.
    pub tls_base: Word,
}

impl UserContext {
    /// Instruction pointer.
    pub fn pc(&self) -> &Word {
        &self.rip
    }

    /// Instruction pointer, to write.
    pub fn pc_mut(&mut self) -> &mut Word {
        &mut self.rip
    }

    /// Stack pointer.
    pub fn sp(&self) -> &Word {
        &self.rsp
    }

    /// Stack pointer, to write.
    pub fn sp_mut(&mut self) -> &mut Word {
        &mut self.rsp
    }

    /// The register of a C function's parameter `ix`.
    ///
    /// # Panics
    ///
    /// When `ix` is above 5: such parameters are on the stack.
    pub fn c_param(&self, ix: usize) -> &Word {
        match ix {
            0 => &self.rdi,
            1 => &self.rsi,
            2 => &self.rdx,
            3 => &self.rcx,
            4 => &self.r8,
            5 => &self.r9,
            _ => panic!("parameter {ix} is not in a register"),
        }
    }

    /// The register of a C function's parameter `ix`, to write; panics as
    /// [`c_param`](Self::c_param) does.
    pub fn c_param_mut(&mut self, ix: usize) -> &mut Word {
        match ix {
            0 => &mut self.rdi,
            1 => &mut self.rsi,
            2 => &mut self.rdx,
            3 => &mut self.rcx,
            4 => &mut self.r8,
            5 => &mut self.r9,
            _ => panic!("parameter {ix} is not in a register"),
        }
    }

    /// The registers in the kernel's order.
    pub const fn to_words(&self) -> [Word; REGISTERS] {
        [
            self.rip,
            self.rsp,
            self.rflags,
            self.rax,
            self.rbx,
            self.rcx,
            self.rdx,
            self.rsi,
            self.rdi,
            self.rbp,
            self.r8,
            self.r9,
            self.r10,
            self.r11,
            self.r12,
            self.r13,
            self.r14,
            self.r15,
            self.tls_base,
        ]
    }

    /// The registers from words in the kernel's order; missing ones are 0, more are ignored.
    pub fn from_words(words: &[Word]) -> Self {
        let at = |i: usize| words.get(i).copied().unwrap_or(0);
        Self {
            rip: at(0),
            rsp: at(1),
            rflags: at(2),
            rax: at(3),
            rbx: at(4),
            rcx: at(5),
            rdx: at(6),
            rsi: at(7),
            rdi: at(8),
            rbp: at(9),
            r8: at(10),
            r9: at(11),
            r10: at(12),
            r11: at(13),
            r12: at(14),
            r13: at(15),
            r14: at(16),
            r15: at(17),
            tls_base: at(18),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_in_order() {
        let words: [Word; REGISTERS] = core::array::from_fn(|i| i as Word + 100);
        let context = UserContext::from_words(&words);
        assert_eq!(context.to_words(), words);
        assert_eq!(
            (context.rip, context.rdi, context.tls_base),
            (100, 108, 118)
        );
        assert_eq!(
            UserContext::from_words(&words[..2]).to_words()[..3],
            [100, 101, 0]
        );
    }

    #[test]
    fn parameters_follow_the_c_abi() {
        let mut context = UserContext::default();
        for ix in 0..6 {
            *context.c_param_mut(ix) = ix as Word + 1;
            assert_eq!(*context.c_param(ix), ix as Word + 1);
        }
        let UserContext {
            rdi,
            rsi,
            rdx,
            rcx,
            r8,
            r9,
            ..
        } = context;
        assert_eq!([rdi, rsi, rdx, rcx, r8, r9], [1, 2, 3, 4, 5, 6]);
        *context.pc_mut() = 0x20_0000;
        *context.sp_mut() = 0x7000;
        assert_eq!((context.rip, context.rsp), (*context.pc(), *context.sp()));
    }
}
