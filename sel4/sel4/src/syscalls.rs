// SPDX-License-Identifier: BSD-2-Clause
//! System calls that send and receive.

use crate::{
    Cap, CapType, ConveysReplyAuthority, MessageInfo, Word,
    asm::{Registers, syscall},
    cap,
    ipc_buffer::IpcBuffer,
    state::with_ipc_buffer_mut,
    sys::syscall_id,
};

/// Words of a message: message registers.
pub const NUM_MESSAGE_REGISTERS: usize = 120;

/// Message registers that travel in registers of the CPU.
pub const NUM_FAST_MESSAGE_REGISTERS: usize = 4;

/// The word that tells a receiver through which capability a message came.
pub type Badge = Word;

type FastRegisters = [Word; NUM_FAST_MESSAGE_REGISTERS];

fn load(buffer: &IpcBuffer) -> FastRegisters {
    let regs = buffer.msg_regs();
    [regs[0], regs[1], regs[2], regs[3]]
}

fn store(buffer: &mut IpcBuffer, mrs: FastRegisters) {
    buffer.msg_regs_mut()[..NUM_FAST_MESSAGE_REGISTERS].copy_from_slice(&mrs);
}

/// Enters the kernel with the whole message taken from, and put back into, the IPC buffer.
fn transfer(number: isize, rdi: Word, info: Option<MessageInfo>) -> Registers {
    with_ipc_buffer_mut(|buffer| transfer_in(buffer, number, rdi, info))
}

fn transfer_in(
    buffer: &mut IpcBuffer,
    number: isize,
    rdi: Word,
    info: Option<MessageInfo>,
) -> Registers {
    let rsi = info.map_or(0, MessageInfo::into_inner);
    let input = Registers {
        rdi,
        rsi,
        mrs: load(buffer),
    };
    // SAFETY: the buffer is lent to this function and not touched across the call; messages change
    // no memory but the buffer.
    let output = unsafe { syscall(number, input) };
    store(buffer, output.mrs);
    output
}

/// As [`transfer`], with the first words in registers only.
fn transfer_fast(number: isize, rdi: Word, info: MessageInfo, mrs: FastRegisters) -> Registers {
    with_ipc_buffer_mut(|_| {
        let input = Registers {
            rdi,
            rsi: info.into_inner(),
            mrs,
        };
        // SAFETY: as in `transfer_in`; the borrow makes sure that nobody reads the buffer meanwhile.
        unsafe { syscall(number, input) }
    })
}

impl<T: CapType> Cap<T> {
    /// Sends the message in the IPC buffer; blocks until somebody receives it.
    pub fn send(self, info: MessageInfo) {
        transfer(syscall_id::Send, self.bits(), Some(info));
    }

    /// Sends the message in the IPC buffer if somebody waits for it; else drops it.
    pub fn nb_send(self, info: MessageInfo) {
        transfer(syscall_id::NBSend, self.bits(), Some(info));
    }

    /// Waits for a message, which then is in the IPC buffer.
    pub fn recv(self, reply_authority: impl ConveysReplyAuthority) -> (MessageInfo, Badge) {
        reply_authority.into_reply_authority();
        received(transfer(syscall_id::Recv, self.bits(), None))
    }

    /// Takes a message if there is one; else the badge is 0.
    pub fn nb_recv(self, reply_authority: impl ConveysReplyAuthority) -> (MessageInfo, Badge) {
        reply_authority.into_reply_authority();
        received(transfer(syscall_id::NBRecv, self.bits(), None))
    }

    /// Sends the message in the IPC buffer and waits for the answer, which then is there.
    pub fn call(self, info: MessageInfo) -> MessageInfo {
        MessageInfo::from_inner(transfer(syscall_id::Call, self.bits(), Some(info)).rsi)
    }

    /// Answers the last caller with the message in the IPC buffer and waits for the next message.
    pub fn reply_recv(
        self,
        info: MessageInfo,
        reply_authority: impl ConveysReplyAuthority,
    ) -> (MessageInfo, Badge) {
        reply_authority.into_reply_authority();
        received(transfer(syscall_id::ReplyRecv, self.bits(), Some(info)))
    }

    /// [`send`](Self::send) with the first words given here.
    pub fn send_with_mrs<M: FastMessages>(self, info: MessageInfo, messages: M) {
        transfer_fast(syscall_id::Send, self.bits(), info, messages.registers());
    }

    /// [`recv`](Self::recv) with the first words returned.
    pub fn recv_with_mrs(self, reply_authority: impl ConveysReplyAuthority) -> RecvWithMRs {
        reply_authority.into_reply_authority();
        let no_info = MessageInfo::from_inner(0);
        let output = transfer_fast(syscall_id::Recv, self.bits(), no_info, [0; 4]);
        let (info, badge) = received(output);
        RecvWithMRs {
            info,
            badge,
            msg: output.mrs,
        }
    }

    /// [`call`](Self::call) with the first words given and returned.
    pub fn call_with_mrs<M: FastMessages>(self, info: MessageInfo, messages: M) -> CallWithMRs {
        let output = transfer_fast(syscall_id::Call, self.bits(), info, messages.registers());
        CallWithMRs {
            info: MessageInfo::from_inner(output.rsi),
            msg: output.mrs,
        }
    }
}

fn received(output: Registers) -> (MessageInfo, Badge) {
    (MessageInfo::from_inner(output.rsi), output.rdi)
}

impl cap::Notification {
    /// Sets the flags of this capability's badge and wakes who waits.
    pub fn signal(self) {
        transfer_fast(
            syscall_id::Send,
            self.bits(),
            MessageInfo::from_inner(0),
            [0; 4],
        );
    }

    /// Waits until a flag is set; returns and clears all.
    pub fn wait(self) -> ((), Badge) {
        ((), self.recv(()).1)
    }

    /// Returns and clears the flags without waiting; the badge is 0 when none is set.
    pub fn poll(self) -> (MessageInfo, Badge) {
        self.nb_recv(())
    }
}

/// Answers the last caller with the message in `ipc_buffer`, which must be this thread's.
pub fn reply(ipc_buffer: &mut IpcBuffer, info: MessageInfo) {
    transfer_in(ipc_buffer, syscall_id::Reply, 0, Some(info));
}

/// Gives up the rest of the time slice.
pub fn r#yield() {
    // SAFETY: nothing is exchanged.
    unsafe { syscall(syscall_id::Yield, Registers::default()) };
}

/// Enters the guest of the VCPU that is bound to this thread with the first `length` words of
/// `message`, whose words all become what the kernel answers. Returns the badge and the result
/// word. The crate `sel4-vcpu` gives all of it a meaning.
///
/// # Panics
///
/// When `message` has fewer than four or more than 120 words, or fewer than `length`.
#[inline]
pub fn vm_enter(message: &mut [Word], length: usize) -> (Badge, Word) {
    let [mr0, mr1, mr2, mr3, rest @ ..] = message else {
        panic!("a message of fewer than four words");
    };
    with_ipc_buffer_mut(|buffer| {
        let further = &mut buffer.msg_regs_mut()[NUM_FAST_MESSAGE_REGISTERS..][..rest.len()];
        let sent = length.saturating_sub(NUM_FAST_MESSAGE_REGISTERS);
        copy_words(&mut further[..sent], &rest[..sent]);
        let input = Registers {
            rdi: 0,
            rsi: length as Word,
            mrs: [*mr0, *mr1, *mr2, *mr3],
        };
        // SAFETY: the buffer is lent to this function and not touched across the call; the guest
        // has memory of its own.
        let output = unsafe { syscall(syscall_id::VMEnter, input) };
        [*mr0, *mr1, *mr2, *mr3] = output.mrs;
        copy_words(rest, further);
        (output.rdi, output.rsi)
    })
}

/// Copies words; `to` is at least as long as `from`. Not by vector registers, as the compiler would:
/// they would cost guest and monitor a switch of the FPU each.
#[inline(always)]
fn copy_words(to: &mut [Word], from: &[Word]) {
    assert!(from.len() <= to.len());
    // SAFETY: both ranges are borrowed and long enough, and the direction flag is clear.
    unsafe {
        core::arch::asm!(
            "rep movsq",
            inout("rcx") from.len() => _,
            inout("rsi") from.as_ptr() => _,
            inout("rdi") to.as_mut_ptr() => _,
            options(nostack, preserves_flags),
        );
    }
}

/// What [`Cap::recv_with_mrs`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvWithMRs {
    /// Describes the message.
    pub info: MessageInfo,
    /// Through which capability it came.
    pub badge: Badge,
    /// Its first words.
    pub msg: [Word; NUM_FAST_MESSAGE_REGISTERS],
}

/// What [`Cap::call_with_mrs`] returns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallWithMRs {
    /// Describes the answer.
    pub info: MessageInfo,
    /// Its first words.
    pub msg: [Word; NUM_FAST_MESSAGE_REGISTERS],
}

/// Up to four words, an array or a slice.
pub trait FastMessages {
    /// The words, filled up with 0.
    ///
    /// # Panics
    ///
    /// With more than four words.
    fn registers(self) -> [Word; NUM_FAST_MESSAGE_REGISTERS];
}

impl<const N: usize> FastMessages for [Word; N] {
    fn registers(self) -> [Word; NUM_FAST_MESSAGE_REGISTERS] {
        self.as_slice().registers()
    }
}

impl FastMessages for &[Word] {
    fn registers(self) -> [Word; NUM_FAST_MESSAGE_REGISTERS] {
        let mut registers = [0; NUM_FAST_MESSAGE_REGISTERS];
        registers[..self.len()].copy_from_slice(self);
        registers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fast_messages_are_filled_up() {
        assert_eq!([].registers(), [0; 4]);
        assert_eq!([1, 2, 3, 4].registers(), [1, 2, 3, 4]);
        assert_eq!([7, 8].as_slice().registers(), [7, 8, 0, 0]);
    }

    #[test]
    #[should_panic]
    fn five_words_are_too_many() {
        [0; 5].registers();
    }
}
