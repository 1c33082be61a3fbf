// SPDX-License-Identifier: BSD-2-Clause
//! What a VM entry returns.

use sel4::{Badge, Word};

use crate::Entry;

const NOTIFICATION: Word = 0;
const EXIT: Word = 1;

/// Why the guest no longer runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// A notification came; the guest goes on where `entry` says.
    Notification {
        /// The notification's flags.
        badge: Badge,
        /// The guest's state, to enter with again.
        entry: Entry,
    },
    /// The guest did something that needs a decision.
    Exit(ExitInfo),
    /// No virtual CPU is bound to this thread.
    NoVcpu,
}

/// A VM exit, as the kernel's message has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExitInfo {
    /// The guest's state, to enter with again.
    pub entry: Entry,
    /// Basic exit reason, the lower 16 bits.
    pub reason: u16,
    /// Exit qualification; 0 for reasons that have none.
    pub qualification: Word,
    /// Length of the instruction that made the exit, in bytes.
    pub instruction_length: Word,
    /// Guest-physical address of an EPT violation or misconfiguration.
    pub guest_physical: Word,
    /// RFLAGS.
    pub rflags: Word,
    /// Interruptibility state.
    pub interruptibility: Word,
    /// CR3.
    pub cr3: Word,
    /// General registers.
    pub registers: Registers,
}

/// The guest's general registers, in the order of the kernel's messages. RSP is a VMCS field.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Registers {
    pub rax: Word,
    pub rbx: Word,
    pub rcx: Word,
    pub rdx: Word,
    pub rsi: Word,
    pub rdi: Word,
    pub rbp: Word,
}

impl Registers {
    pub(crate) const fn to_words(self) -> [Word; 7] {
        [
            self.rax, self.rbx, self.rcx, self.rdx, self.rsi, self.rdi, self.rbp,
        ]
    }

    const fn from_words(words: [Word; 7]) -> Self {
        let [rax, rbx, rcx, rdx, rsi, rdi, rbp] = words;
        Self {
            rax,
            rbx,
            rcx,
            rdx,
            rsi,
            rdi,
            rbp,
        }
    }
}

impl Exit {
    /// Reads the result of `VMEnter` and the message registers that go with it.
    pub(crate) fn from_words(badge: Badge, result: Word, words: &[Word]) -> Self {
        let at = |i: usize| words.get(i).copied().unwrap_or(0);
        let entry = Entry {
            rip: at(0),
            primary_controls: at(1),
            interruption_info: at(2),
        };
        match result {
            NOTIFICATION => Self::Notification { badge, entry },
            EXIT => Self::Exit(ExitInfo {
                entry,
                reason: at(3) as u16,
                qualification: at(4),
                instruction_length: at(5),
                guest_physical: at(6),
                rflags: at(7),
                interruptibility: at(8),
                cr3: at(9),
                registers: Registers::from_words(core::array::from_fn(|i| at(10 + i))),
            }),
            _ => Self::NoVcpu,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn words() -> Vec<Word> {
        (100..125).collect()
    }

    #[test]
    fn an_exit_has_the_kernels_order() {
        let Exit::Exit(info) = Exit::from_words(0, 1, &words()) else {
            panic!("not an exit");
        };
        assert_eq!(info.entry.to_words(), [100, 101, 102]);
        assert_eq!(
            (info.reason, info.qualification, info.instruction_length),
            (103, 104, 105)
        );
        assert_eq!((info.guest_physical, info.rflags), (106, 107));
        assert_eq!((info.interruptibility, info.cr3), (108, 109));
        assert_eq!(
            info.registers.to_words(),
            [110, 111, 112, 113, 114, 115, 116]
        );
        assert_eq!((info.registers.rbx, info.registers.rdi), (111, 115));
    }

    #[test]
    fn a_notification_keeps_the_entry_state() {
        let Exit::Notification { badge, entry } = Exit::from_words(0x5a, 0, &words()) else {
            panic!("not a notification");
        };
        assert_eq!((badge, entry.rip), (0x5a, 100));
    }

    #[test]
    fn without_a_virtual_cpu() {
        assert_eq!(Exit::from_words(1, Word::MAX, &words()), Exit::NoVcpu);
    }

    proptest! {
        #[test]
        fn registers_come_back(words: [Word; 7]) {
            prop_assert_eq!(Registers::from_words(words).to_words(), words);
        }
    }
}
