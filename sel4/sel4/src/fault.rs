// SPDX-License-Identifier: BSD-2-Clause
//! Fault messages: what the kernel sends to a thread's fault endpoint.

use crate::{IpcBuffer, MessageInfo, Word, sys::fault_label};

/// A fault, with what the kernel says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Not a fault message, or one of a kind or length that this kernel does not send.
    NullFault(NullFault),
    /// A system call named a capability that cannot be resolved.
    CapFault(CapFault),
    /// A system call number that the kernel does not know.
    UnknownSyscall(UnknownSyscall),
    /// A CPU exception other than a page fault.
    UserException(UserException),
    /// A page fault.
    VmFault(VmFault),
}

/// No fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NullFault(());

/// A capability that cannot be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CapFault {
    /// Where the thread goes on after a reply.
    pub ip: Word,
    /// The capability address.
    pub addr: Word,
    /// Whether it was the receive phase of the system call.
    pub in_recv_phase: bool,
}

/// A system call number that the kernel does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownSyscall {
    /// Address of the instruction.
    pub fault_ip: Word,
    /// Stack pointer.
    pub sp: Word,
    /// The number.
    pub syscall: Word,
}

/// A CPU exception.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UserException {
    /// Address of the instruction.
    pub fault_ip: Word,
    /// Stack pointer.
    pub stack: Word,
    /// RFLAGS.
    pub flags: Word,
    /// Vector of the exception: 0 divide error, 6 invalid opcode, 13 general protection, …
    pub number: Word,
    /// Error code of the exception, 0 where it has none.
    pub code: Word,
}

/// A page fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VmFault {
    /// Address of the instruction.
    pub ip: Word,
    /// Address that could not be accessed.
    pub addr: Word,
    /// Whether an instruction fetch failed.
    pub is_prefetch: bool,
    /// Error code of the CPU: bit 0 page was present, bit 1 write, bit 2 user, bit 4 fetch.
    pub fsr: Word,
}

impl VmFault {
    /// Whether a write failed.
    pub const fn is_write(&self) -> bool {
        self.fsr & 2 != 0
    }
}

/// Words of an unknown-system-call message: 15 registers, IP, SP, flags, number.
const UNKNOWN_SYSCALL_LENGTH: usize = 19;

impl Fault {
    /// Reads the fault message in the IPC buffer that `info` describes.
    ///
    /// Anyone with a capability to the fault endpoint can send what looks like a fault: the badge,
    /// not the message, tells who did.
    pub fn new(ipc_buffer: &IpcBuffer, info: &MessageInfo) -> Self {
        let Some(words) = ipc_buffer.msg_regs().get(..info.length()) else {
            return Self::NullFault(NullFault(()));
        };
        match (info.label(), words) {
            (fault_label::CapFault, [ip, addr, in_recv_phase, ..]) => Self::CapFault(CapFault {
                ip: *ip,
                addr: *addr,
                in_recv_phase: *in_recv_phase != 0,
            }),
            (fault_label::UnknownSyscall, words) if words.len() >= UNKNOWN_SYSCALL_LENGTH => {
                Self::UnknownSyscall(UnknownSyscall {
                    fault_ip: words[15],
                    sp: words[16],
                    syscall: words[18],
                })
            }
            (fault_label::UserException, [fault_ip, stack, flags, number, code, ..]) => {
                Self::UserException(UserException {
                    fault_ip: *fault_ip,
                    stack: *stack,
                    flags: *flags,
                    number: *number,
                    code: *code,
                })
            }
            (fault_label::VMFault, [ip, addr, prefetch, fsr, ..]) => Self::VmFault(VmFault {
                ip: *ip,
                addr: *addr,
                is_prefetch: *prefetch != 0,
                fsr: *fsr,
            }),
            _ => Self::NullFault(NullFault(())),
        }
    }

    /// Address of the instruction that faulted; `None` where the message has none.
    pub const fn ip(&self) -> Option<Word> {
        match self {
            Self::NullFault(_) => None,
            Self::CapFault(fault) => Some(fault.ip),
            Self::UnknownSyscall(fault) => Some(fault.fault_ip),
            Self::UserException(fault) => Some(fault.fault_ip),
            Self::VmFault(fault) => Some(fault.ip),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decode(label: Word, words: &[Word]) -> Fault {
        let mut buffer = IpcBuffer::zeroed();
        buffer.msg_regs_mut()[..words.len()].copy_from_slice(words);
        Fault::new(&buffer, &MessageInfo::new(label, 0, 0, words.len()))
    }

    #[test]
    fn every_kind() {
        let fault = decode(1, &[0x100, 7, 1, 0]);
        assert_eq!(
            fault,
            Fault::CapFault(CapFault {
                ip: 0x100,
                addr: 7,
                in_recv_phase: true
            })
        );
        let words: Vec<Word> = (0..19).collect();
        assert_eq!(
            decode(2, &words),
            Fault::UnknownSyscall(UnknownSyscall {
                fault_ip: 15,
                sp: 16,
                syscall: 18
            })
        );
        let fault = decode(3, &[0x100, 0x7000, 2, 6, 0]);
        assert_eq!(
            fault,
            Fault::UserException(UserException {
                fault_ip: 0x100,
                stack: 0x7000,
                flags: 2,
                number: 6,
                code: 0
            })
        );
        let fault = decode(5, &[0x100, 0xdead, 0, 6]);
        let expected = VmFault {
            ip: 0x100,
            addr: 0xdead,
            is_prefetch: false,
            fsr: 6,
        };
        assert_eq!(fault, Fault::VmFault(expected));
        assert!(expected.is_write());
        assert_eq!(fault.ip(), Some(0x100));
    }

    #[test]
    fn short_messages_are_no_fault() {
        for (label, length) in [(1, 2), (2, 18), (3, 4), (5, 3), (0, 0), (4, 4), (6, 10)] {
            let fault = decode(label, &vec![1; length]);
            assert_eq!(fault, Fault::NullFault(NullFault(())), "label {label}");
            assert_eq!(fault.ip(), None);
        }
    }

    proptest! {
        #[test]
        fn any_message_is_decoded_or_refused(info in any::<u32>(), word in any::<Word>()) {
            let mut buffer = IpcBuffer::zeroed();
            buffer.msg_regs_mut().fill(word);
            let fault = Fault::new(&buffer, &MessageInfo::from_inner(info.into()));
            prop_assert!(fault.ip().is_none_or(|ip| ip == word));
        }
    }
}
