// SPDX-License-Identifier: BSD-2-Clause
//! Channels to other protection domains and interrupts.

use core::fmt;

use crate::{
    MessageInfo,
    symbols::{self, MAX_IDS},
};

const BASE_NOTIFICATION: usize = 10;
const BASE_ENDPOINT: usize = 74;
const BASE_IRQ: usize = 138;

/// A channel, named by the id that `system.xml` gives its end in this protection domain.
#[derive(Debug, Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Channel {
    index: usize,
}

impl Channel {
    /// The channel with this id.
    ///
    /// # Panics
    ///
    /// When `index` is above 61.
    pub const fn new(index: usize) -> Self {
        assert!(index < MAX_IDS, "channel ids are 0 to 61");
        Self { index }
    }

    /// The id.
    pub const fn index(&self) -> usize {
        self.index
    }

    /// Signals the other end. Signals that the other end has not seen yet become one.
    ///
    /// # Panics
    ///
    /// When the channel is an interrupt, there is no such channel, or its end has `notify="false"`.
    pub fn notify(&self) {
        self.notification().signal();
    }

    /// Lets the interrupt come again.
    ///
    /// # Errors
    ///
    /// What the kernel answers; it has no reason to with the capabilities that the image tool gives.
    ///
    /// # Panics
    ///
    /// When the channel is no interrupt.
    pub fn irq_ack(&self) -> Result<(), IrqAckError> {
        self.irq_handler().irq_handler_ack().map_err(IrqAckError)
    }

    /// Calls the protected procedure at the other end with the message registers, which then hold
    /// the answer.
    ///
    /// The other end may have been restarted meanwhile: then the answer's label is
    /// [`RESTARTED`](crate::RESTARTED) and the call may or may not have had its effect.
    ///
    /// # Panics
    ///
    /// When this end has no `pp="true"`.
    pub fn pp_call(&self, msg_info: MessageInfo) -> MessageInfo {
        MessageInfo::from_inner(self.endpoint().call(msg_info.into_inner()))
    }

    /// Name of the protection domain at the other end, as `system.xml` has it; `None` for
    /// interrupts. The name comes from the image tool, so no peer can claim another's. Extension.
    pub fn peer_name(&self) -> Option<&'static str> {
        symbols::peer(self.index)
    }

    #[doc(hidden)]
    pub fn notification(&self) -> sel4::cap::Notification {
        self.cap("notify", BASE_NOTIFICATION, symbols::notifications())
    }

    #[doc(hidden)]
    pub fn irq_handler(&self) -> sel4::cap::IrqHandler {
        self.cap("irq_ack", BASE_IRQ, symbols::irqs())
    }

    #[doc(hidden)]
    pub fn endpoint(&self) -> sel4::cap::Endpoint {
        self.cap("pp_call", BASE_ENDPOINT, symbols::pps())
    }

    fn cap<T: sel4::CapType>(self, method: &str, base: usize, mask: u64) -> sel4::Cap<T> {
        assert!(
            mask & 1 << self.index != 0,
            "{method}: not valid for channel '{}'",
            self.index
        );
        sel4::Cap::from_bits((base + self.index) as sel4::CPtrBits)
    }
}

/// Why [`Channel::irq_ack`] failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IrqAckError(sel4::Error);

impl fmt::Display for IrqAckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "acknowledging an interrupt failed: {}", self.0)
    }
}

impl core::error::Error for IrqAckError {}

/// The channels that a notification came from.
#[derive(Debug, Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChannelSet(sel4::Badge);

impl ChannelSet {
    /// The channels of a badge, for a program that gets one by other means than [`Handler`]: from a
    /// VM entry. Extension.
    ///
    /// [`Handler`]: crate::Handler
    pub const fn from_badge(badge: sel4::Badge) -> Self {
        Self(badge & ((1 << MAX_IDS) - 1))
    }

    /// Whether the channel is among them.
    pub const fn contains(&self, channel: Channel) -> bool {
        self.0 & 1 << channel.index != 0
    }

    /// The channels in the order of their ids.
    pub const fn iter(&self) -> ChannelSetIter {
        ChannelSetIter(self.0)
    }

    /// The ids, to print: `{1, 5}`.
    pub const fn display(&self) -> DisplayChannelSet<'_> {
        DisplayChannelSet(self)
    }
}

/// Iterates over a [`ChannelSet`].
#[derive(Debug, Clone)]
pub struct ChannelSetIter(sel4::Badge);

impl Iterator for ChannelSetIter {
    type Item = Channel;

    fn next(&mut self) -> Option<Channel> {
        if self.0 == 0 {
            return None;
        }
        let index = self.0.trailing_zeros() as usize;
        self.0 &= self.0 - 1;
        Some(Channel::new(index))
    }
}

/// Prints a [`ChannelSet`].
#[derive(Debug)]
pub struct DisplayChannelSet<'a>(&'a ChannelSet);

impl fmt::Display for DisplayChannelSet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("{")?;
        for (i, channel) in self.0.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{}", channel.index())?;
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_set_has_the_bits_of_its_badge(badge: u64) {
            let set = ChannelSet::from_badge(badge);
            let ids: Vec<usize> = set.iter().map(|channel| channel.index()).collect();
            let expected: Vec<usize> = (0..62).filter(|i| badge & 1 << i != 0).collect();
            prop_assert_eq!(&ids, &expected);
            for id in 0..62 {
                prop_assert_eq!(set.contains(Channel::new(id)), expected.contains(&id));
            }
        }
    }

    #[test]
    fn sets_print_their_ids() {
        assert_eq!(ChannelSet::from_badge(0).display().to_string(), "{}");
        assert_eq!(
            ChannelSet::from_badge(1 << 61 | 0b10).display().to_string(),
            "{1, 61}"
        );
    }

    #[test]
    #[should_panic(expected = "channel ids are 0 to 61")]
    fn id_62() {
        Channel::new(62);
    }

    #[test]
    fn capabilities_lie_at_their_bases() {
        let channel = Channel::new(61);
        let cap = |base| {
            channel
                .cap::<sel4::cap_type::Endpoint>("x", base, 1 << 61)
                .bits()
        };
        assert_eq!(cap(BASE_NOTIFICATION), 71);
        assert_eq!(cap(BASE_ENDPOINT), 135);
        assert_eq!(cap(BASE_IRQ), 199);
    }

    #[test]
    #[should_panic(expected = "notify: not valid for channel '4'")]
    fn no_such_channel() {
        Channel::new(4).notify();
    }

    #[test]
    fn errors_name_the_reason() {
        let error = IrqAckError(sel4::Error::InvalidCapability);
        assert!(error.to_string().ends_with("invalid capability"));
    }
}
