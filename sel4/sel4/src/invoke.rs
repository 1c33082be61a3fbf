// SPDX-License-Identifier: BSD-2-Clause
//! Invocations: calls that the kernel answers itself.

use crate::{
    CPtr, Error, MessageInfo, NUM_FAST_MESSAGE_REGISTERS, Result, Word,
    asm::{Registers, syscall},
    ipc_buffer::IpcBuffer,
    state::with_ipc_buffer_mut,
    sys::syscall_id,
};

/// What an invocation returns: the first four words; the others are in the IPC buffer, whose first
/// four message registers stay as they were.
pub type CallResult = Result<[Word; NUM_FAST_MESSAGE_REGISTERS]>;

/// Invokes method `label` (of [`invocation_label`](crate::sys::invocation_label)) of the object
/// behind `target` with the capabilities `caps` and the words `args`.
///
/// The methods of the capability types wrap this with names and types; it is public for kernel
/// methods that have no wrapper here.
///
/// # Errors
///
/// What the kernel answers.
///
/// # Panics
///
/// With more than 3 capabilities or 120 words.
pub fn invoke(target: CPtr, label: Word, caps: &[CPtr], args: &[Word]) -> CallResult {
    with_ipc_buffer_mut(|buffer| {
        let registers = prepare(buffer, target, label, caps, args);
        // SAFETY: the buffer is borrowed by this function alone and not read before it returns.
        // Which memory an invocation takes away is for the caller of its method to know: as in C,
        // unmapping one's own code is not an error that the type system sees.
        let reply = unsafe { syscall(syscall_id::Call, registers) };
        Error::or(MessageInfo::from_inner(reply.rsi).label(), reply.mrs)
    })
}

/// Puts what does not travel in registers into the buffer, and returns the registers.
#[inline(always)]
fn prepare(
    buffer: &mut IpcBuffer,
    target: CPtr,
    label: Word,
    caps: &[CPtr],
    args: &[Word],
) -> Registers {
    let info = MessageInfo::new(label, 0, caps.len(), args.len());
    for (slot, cap) in buffer.caps_or_badges_mut()[..caps.len()]
        .iter_mut()
        .zip(caps)
    {
        *slot = cap.bits();
    }
    let mut mrs = [0; NUM_FAST_MESSAGE_REGISTERS];
    for (register, arg) in mrs.iter_mut().zip(args) {
        *register = *arg;
    }
    if let Some(rest) = args.get(NUM_FAST_MESSAGE_REGISTERS..) {
        buffer.msg_regs_mut()[NUM_FAST_MESSAGE_REGISTERS..args.len()].copy_from_slice(rest);
    }
    Registers {
        rdi: target.bits(),
        rsi: info.into_inner(),
        mrs,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(caps: &[CPtr], args: &[Word]) -> (IpcBuffer, Registers) {
        let mut buffer = IpcBuffer::zeroed();
        let registers = prepare(&mut buffer, CPtr::from_bits(7), 0x2a, caps, args);
        (buffer, registers)
    }

    #[test]
    fn few_words_travel_in_registers_only() {
        let (buffer, registers) = prepared(&[], &[1, 2]);
        assert_eq!(registers.rdi, 7);
        assert_eq!(registers.rsi, 0x2a << 12 | 2);
        assert_eq!(registers.mrs, [1, 2, 0, 0]);
        assert!(buffer.msg_regs().iter().all(|word| *word == 0));
    }

    #[test]
    fn many_words_and_caps_use_the_buffer() {
        let caps = [CPtr::from_bits(10), CPtr::from_bits(11)];
        let (buffer, registers) = prepared(&caps, &[1, 2, 3, 4, 5, 6]);
        assert_eq!(registers.rsi, 0x2a << 12 | 2 << 7 | 6);
        assert_eq!(registers.mrs, [1, 2, 3, 4]);
        assert_eq!(buffer.msg_regs()[4..7], [5, 6, 0]);
        assert_eq!(buffer.caps_or_badges(), [10, 11, 0]);
    }

    #[test]
    #[should_panic]
    fn too_many_words() {
        prepared(&[], &[0; 121]);
    }
}
