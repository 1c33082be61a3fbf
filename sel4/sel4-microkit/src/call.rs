// SPDX-License-Identifier: BSD-2-Clause
//! Calls whose request and reply are arrays of words: what most interfaces are made of. Extension.

use core::fmt;

use crate::{
    Channel, MessageInfo, MessageRegisterValue, RESTARTED, with_msg_regs, with_msg_regs_mut,
};

/// Why a call has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoReply {
    /// The other end was restarted meanwhile: the call may or may not have had its effect.
    Restarted,
    /// The answer has another label than 0, or another number of words.
    Foreign,
}

impl fmt::Display for NoReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restarted => "the other end of the channel was restarted",
            Self::Foreign => "the other end of the channel does not answer as expected",
        })
    }
}

impl core::error::Error for NoReply {}

impl Channel {
    /// Calls the protected procedure at the other end with `request`, label 0, and returns its
    /// reply of `REPLY` words. Microkit promises 64 words each way. Extension.
    ///
    /// # Errors
    ///
    /// See [`NoReply`].
    ///
    /// # Panics
    ///
    /// When this end has no `pp="true"`.
    pub fn call_words<const REQUEST: usize, const REPLY: usize>(
        &self,
        request: [MessageRegisterValue; REQUEST],
    ) -> Result<[MessageRegisterValue; REPLY], NoReply> {
        with_msg_regs_mut(|registers| registers[..REQUEST].copy_from_slice(&request));
        let info = self.pp_call(MessageInfo::new(0, REQUEST));
        check(info.label(), info.count(), REPLY)?;
        let mut reply = [0; REPLY];
        with_msg_regs(|registers| reply.copy_from_slice(&registers[..REPLY]));
        Ok(reply)
    }
}

fn check(label: MessageRegisterValue, count: usize, expected: usize) -> Result<(), NoReply> {
    match label {
        0 if count == expected => Ok(()),
        RESTARTED => Err(NoReply::Restarted),
        _ => Err(NoReply::Foreign),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_agreed_form_is_a_reply() {
        for (label, count, expected) in [
            (0, 3, Ok(())),
            (0, 2, Err(NoReply::Foreign)),
            (0, 4, Err(NoReply::Foreign)),
            (1, 3, Err(NoReply::Foreign)),
            (RESTARTED, 0, Err(NoReply::Restarted)),
            (RESTARTED, 3, Err(NoReply::Restarted)),
        ] {
            assert_eq!(check(label, count, 3), expected, "{label} {count}");
        }
    }
}
