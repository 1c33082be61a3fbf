// SPDX-License-Identifier: BSD-2-Clause
//! Requests over a Microkit channel.

use sel4_microkit::{Channel, MessageInfo, with_msg_regs, with_msg_regs_mut};

use crate::client::{Call, NoReply};
use crate::message::{REPLY_WORDS, REQUEST_WORDS};

impl Call for Channel {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        with_msg_regs_mut(|registers| registers[..REQUEST_WORDS].copy_from_slice(&request));
        let info = self.pp_call(MessageInfo::new(0, REQUEST_WORDS));
        if (info.label(), info.count()) != (0, REPLY_WORDS) {
            return Err(NoReply);
        }
        let mut reply = [0; REPLY_WORDS];
        with_msg_regs(|registers| reply.copy_from_slice(&registers[..REPLY_WORDS]));
        Ok(reply)
    }
}
