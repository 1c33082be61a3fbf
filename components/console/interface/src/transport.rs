// SPDX-License-Identifier: BSD-2-Clause
//! Notification over a Microkit channel.

use sel4_microkit::Channel;

use crate::stream::Notify;

impl Notify for Channel {
    fn notify(&self) {
        Channel::notify(self);
    }
}
