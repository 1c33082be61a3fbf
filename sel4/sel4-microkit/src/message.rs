// SPDX-License-Identifier: BSD-2-Clause
//! Messages of calls between protection domains.

/// What a message is; agreed between caller and callee. 20 bits.
pub type MessageLabel = sel4::Word;

/// A word of a message.
pub type MessageRegisterValue = sel4::Word;

/// Label of the answer, without words, that a caller gets whose callee was restarted meanwhile.
/// Interfaces do not use it for themselves. Extension.
pub const RESTARTED: MessageLabel = 0xf_ffff;

/// Label and length of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageInfo {
    inner: sel4::MessageInfo,
}

impl MessageInfo {
    /// A message with `count` words.
    ///
    /// # Panics
    ///
    /// When `label` has more than 20 bits, or `count` is above 127. Microkit promises 64 words.
    pub const fn new(label: MessageLabel, count: usize) -> Self {
        Self::from_inner(sel4::MessageInfo::new(label, 0, 0, count))
    }

    /// The label.
    pub const fn label(&self) -> MessageLabel {
        self.inner.label()
    }

    /// Bits of a label.
    pub const fn label_width() -> usize {
        sel4::MessageInfo::label_width()
    }

    /// Number of words.
    pub const fn count(&self) -> usize {
        self.inner.length()
    }

    /// What the message says when it is a fault of a child.
    pub fn fault(&self) -> sel4::Fault {
        sel4::with_ipc_buffer(|buffer| sel4::Fault::new(buffer, &self.inner))
    }

    #[doc(hidden)]
    pub const fn from_inner(inner: sel4::MessageInfo) -> Self {
        Self { inner }
    }

    #[doc(hidden)]
    pub const fn inner(&self) -> &sel4::MessageInfo {
        &self.inner
    }

    #[doc(hidden)]
    pub const fn into_inner(self) -> sel4::MessageInfo {
        self.inner
    }
}

impl Default for MessageInfo {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

/// Reads message register `i`, 0 to 119.
pub fn get_mr(i: usize) -> MessageRegisterValue {
    with_msg_regs(|regs| regs[i])
}

/// Writes message register `i`, 0 to 119.
pub fn set_mr(i: usize, value: MessageRegisterValue) {
    with_msg_regs_mut(|regs| regs[i] = value);
}

/// Lends the message registers.
pub fn with_msg_regs<T>(f: impl FnOnce(&[MessageRegisterValue]) -> T) -> T {
    sel4::with_ipc_buffer(|buffer| f(buffer.msg_regs()))
}

/// Lends the message registers for writing.
pub fn with_msg_regs_mut<T>(f: impl FnOnce(&mut [MessageRegisterValue]) -> T) -> T {
    sel4::with_ipc_buffer_mut(|buffer| f(buffer.msg_regs_mut()))
}

/// Lends the message registers as bytes.
pub fn with_msg_bytes<T>(f: impl FnOnce(&[u8]) -> T) -> T {
    sel4::with_ipc_buffer(|buffer| f(buffer.msg_bytes()))
}

/// Lends the message registers as bytes for writing.
pub fn with_msg_bytes_mut<T>(f: impl FnOnce(&mut [u8]) -> T) -> T {
    sel4::with_ipc_buffer_mut(|buffer| f(buffer.msg_bytes_mut()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_and_count_come_back() {
        let info = MessageInfo::new(RESTARTED, 64);
        assert_eq!((info.label(), info.count()), (0xf_ffff, 64));
        assert_eq!(RESTARTED >> MessageInfo::label_width(), 0);
        assert_eq!(MessageInfo::default(), MessageInfo::new(0, 0));
    }
}
