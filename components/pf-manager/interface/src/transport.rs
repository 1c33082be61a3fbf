// SPDX-License-Identifier: BSD-2-Clause
//! Requests over a Microkit channel.

use sel4_microkit::{Channel, MessageInfo, with_msg_regs, with_msg_regs_mut};

use crate::client::{Call, NoReply};
use crate::message::{REPLY_WORDS, REQUEST_WORDS};

/// Label of the answer that a server gives on its restart to the caller that it crashed under.
const RESTARTED: u64 = 0xfffff;

impl Call for Channel {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        with_msg_regs_mut(|registers| registers[..REQUEST_WORDS].copy_from_slice(&request));
        let info = self.pp_call(MessageInfo::new(0, REQUEST_WORDS));
        match (info.label(), info.count()) {
            (0, REPLY_WORDS) => {}
            (RESTARTED, _) => return Err(NoReply::Restarted),
            _ => return Err(NoReply::NotAPfManager),
        }
        let mut reply = [0; REPLY_WORDS];
        with_msg_regs(|registers| reply.copy_from_slice(&registers[..REPLY_WORDS]));
        Ok(reply)
    }
}
