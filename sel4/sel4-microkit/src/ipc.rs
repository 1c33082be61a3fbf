// SPDX-License-Identifier: BSD-2-Clause
//! Waiting for what comes next, and telling by the badge what it is.

use crate::{Channel, ChannelSet, Child, MessageInfo};

/// The endpoint, or without one the notification, that everything comes through.
const INPUT: sel4::cap::Endpoint = sel4::Cap::from_bits(1);

const PROTECTED_BIT: u32 = 63;
const FAULT_BIT: u32 = 62;

/// What came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Signals.
    Notified(ChannelSet),
    /// A call.
    Protected(Channel, MessageInfo),
    /// A fault of a child.
    Fault(Child, MessageInfo),
}

impl Event {
    /// The image tool, and nobody else, sets badges: bit 63 a call and the low bits the channel;
    /// bit 62 a fault and the low bits the child; else each bit a channel.
    fn new((info, badge): (sel4::MessageInfo, sel4::Badge)) -> Self {
        let info = MessageInfo::from_inner(info);
        if badge & 1 << PROTECTED_BIT != 0 {
            Self::Protected(Channel::new((badge & 0x3f) as usize), info)
        } else if badge & 1 << FAULT_BIT != 0 {
            Self::Fault(Child::new((badge & 0xff) as usize), info)
        } else {
            Self::Notified(ChannelSet::from_badge(badge))
        }
    }
}

/// Waits.
pub fn recv() -> Event {
    Event::new(INPUT.recv(()))
}

/// Answers the caller and waits.
pub fn reply_recv(msg_info: MessageInfo) -> Event {
    Event::new(INPUT.reply_recv(msg_info.into_inner(), ()))
}

/// Answers the caller.
pub fn reply(msg_info: MessageInfo) {
    sel4::ReplyAuthority::new().reply(msg_info.into_inner());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(badge: u64) -> Event {
        Event::new((sel4::MessageInfo::new(9, 0, 0, 2), badge))
    }

    #[test]
    fn badges() {
        let info = MessageInfo::new(9, 2);
        assert_eq!(
            event(1 << 63 | 61),
            Event::Protected(Channel::new(61), info)
        );
        assert_eq!(event(1 << 62 | 200), Event::Fault(Child::new(200), info));
        assert_eq!(event(0b101), Event::Notified(ChannelSet::from_badge(0b101)));
        assert_eq!(event(0), Event::Notified(ChannelSet::from_badge(0)));
    }
}
