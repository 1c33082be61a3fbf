// SPDX-License-Identifier: BSD-2-Clause
//! Who may answer a caller.
//!
//! This kernel keeps the right to answer in the thread itself, until the thread receives the next
//! message or saves it with [`AbsoluteCPtr::save_caller`](crate::AbsoluteCPtr::save_caller).
//! Kernels with MCS scheduling have an object for it; code that passes `()` suits both.

use crate::{MessageInfo, reply, with_ipc_buffer_mut};

/// What receiving calls take.
pub type ReplyAuthority = ImplicitReplyAuthority;

/// The right to answer that lies in the thread.
#[derive(Debug, Copy, Clone, PartialEq, Eq, Default)]
pub struct ImplicitReplyAuthority(());

impl ImplicitReplyAuthority {
    /// The thread's own.
    pub const fn new() -> Self {
        Self(())
    }

    /// Answers the caller.
    pub fn reply(self, info: MessageInfo) {
        with_ipc_buffer_mut(|buffer| reply(buffer, info));
    }
}

/// Things that stand for a [`ReplyAuthority`].
pub trait ConveysReplyAuthority {
    /// The authority.
    fn into_reply_authority(self) -> ReplyAuthority;
}

impl ConveysReplyAuthority for ReplyAuthority {
    fn into_reply_authority(self) -> ReplyAuthority {
        self
    }
}

impl ConveysReplyAuthority for () {
    fn into_reply_authority(self) -> ReplyAuthority {
        ReplyAuthority::new()
    }
}
