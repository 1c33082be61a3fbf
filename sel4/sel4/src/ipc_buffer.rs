// SPDX-License-Identifier: BSD-2-Clause
//! The page that a thread shares with the kernel for messages.

use crate::{AbsoluteCPtr, NUM_MESSAGE_REGISTERS, Word, cap, cptr::CNodeSlot};

/// Words of capabilities or badges that a message carries.
const EXTRA_CAPS: usize = 3;

/// A thread's IPC buffer (`seL4_IPCBuffer`): 1024 bytes, aligned to 1024.
#[derive(Debug, Clone)]
#[repr(C, align(1024))]
pub struct IpcBuffer {
    tag: Word,
    msg: [Word; NUM_MESSAGE_REGISTERS],
    user_data: Word,
    caps_or_badges: [Word; EXTRA_CAPS],
    receive_cnode: Word,
    receive_index: Word,
    receive_depth: Word,
}

// The offsets are the kernel's.
const _: () = {
    use core::mem::{offset_of, size_of};
    assert!(size_of::<IpcBuffer>() == 1024);
    assert!(offset_of!(IpcBuffer, msg) == 8);
    assert!(offset_of!(IpcBuffer, user_data) == 968);
    assert!(offset_of!(IpcBuffer, caps_or_badges) == 976);
    assert!(offset_of!(IpcBuffer, receive_cnode) == 1000);
    assert!(offset_of!(IpcBuffer, receive_depth) == 1016);
};

impl IpcBuffer {
    /// A buffer of zeros, for tests of code that takes a buffer.
    pub const fn zeroed() -> Self {
        Self {
            tag: 0,
            msg: [0; NUM_MESSAGE_REGISTERS],
            user_data: 0,
            caps_or_badges: [0; EXTRA_CAPS],
            receive_cnode: 0,
            receive_index: 0,
            receive_depth: 0,
        }
    }

    /// The message registers.
    pub fn msg_regs(&self) -> &[Word] {
        &self.msg
    }

    /// The message registers, to write.
    pub fn msg_regs_mut(&mut self) -> &mut [Word] {
        &mut self.msg
    }

    /// The message registers as bytes.
    pub fn msg_bytes(&self) -> &[u8] {
        // SAFETY: an array of words is plain bytes of eight times its length, aligned enough.
        unsafe { core::slice::from_raw_parts(self.msg.as_ptr().cast(), size_of_val(&self.msg)) }
    }

    /// The message registers as bytes, to write.
    pub fn msg_bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: as in `msg_bytes`; any bytes make valid words, and the borrow is exclusive.
        unsafe {
            core::slice::from_raw_parts_mut(self.msg.as_mut_ptr().cast(), size_of_val(&self.msg))
        }
    }

    /// A word that the kernel leaves alone.
    pub fn user_data(&self) -> Word {
        self.user_data
    }

    /// Sets the word that the kernel leaves alone.
    pub fn set_user_data(&mut self, data: Word) {
        self.user_data = data;
    }

    /// Out: capability addresses to send. In: badges of unwrapped capabilities.
    pub fn caps_or_badges(&self) -> &[Word] {
        &self.caps_or_badges
    }

    /// Capability addresses to send.
    pub fn caps_or_badges_mut(&mut self) -> &mut [Word] {
        &mut self.caps_or_badges
    }

    /// The slot that takes a received capability.
    pub fn recv_slot(&self) -> AbsoluteCPtr {
        cap::CNode::from_bits(self.receive_cnode)
            .absolute_cptr_from_bits_with_depth(self.receive_index, self.receive_depth as usize)
    }

    /// Sets the slot that takes a received capability.
    pub fn set_recv_slot(&mut self, slot: &AbsoluteCPtr) {
        let CNodeSlot { root, index, depth } = slot.words();
        self.receive_cnode = root;
        self.receive_index = index;
        self.receive_depth = depth;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_and_words_are_the_same_memory() {
        let mut buffer = IpcBuffer::zeroed();
        buffer.msg_bytes_mut()[8..16].copy_from_slice(&0x1122_3344_5566_7788u64.to_le_bytes());
        assert_eq!(buffer.msg_regs()[1], 0x1122_3344_5566_7788);
        buffer.msg_regs_mut()[119] = 0xff;
        assert_eq!(buffer.msg_bytes().len(), 960);
        assert_eq!(buffer.msg_bytes()[119 * 8], 0xff);
    }

    #[test]
    fn receive_slot_comes_back() {
        let mut buffer = IpcBuffer::zeroed();
        let slot = cap::CNode::from_bits(2).absolute_cptr_from_bits_with_depth(77, 64);
        buffer.set_recv_slot(&slot);
        assert_eq!(buffer.recv_slot(), slot);
    }
}
