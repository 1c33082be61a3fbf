// SPDX-License-Identifier: BSD-2-Clause
//! Requests over a Microkit channel.

use sel4_microkit::Channel;

use crate::client::{Call, NoReply};
use crate::message::{REPLY_WORDS, REQUEST_WORDS};

impl Call for Channel {
    fn call(&self, request: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
        self.call_words(request).map_err(|why| match why {
            sel4_microkit::NoReply::Restarted => NoReply::Restarted,
            sel4_microkit::NoReply::Foreign => NoReply::NotAPfManager,
        })
    }
}
