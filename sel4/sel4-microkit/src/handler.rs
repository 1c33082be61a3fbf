// SPDX-License-Identifier: BSD-2-Clause
//! The part of a protection domain that its author writes, and the loop around it.

use core::{convert::Infallible, fmt};

use crate::{
    Channel, ChannelSet, Child, DeferredAction, MessageInfo,
    ipc::{self, Event},
    symbols,
};

/// What a protection domain does with what comes.
///
/// An error ends the PD: it is printed, and the fault handler (parent or monitor) gets a fault.
pub trait Handler {
    /// Error of the methods.
    type Error: fmt::Display;

    /// Signals or interrupts came from `channels`. An interrupt comes again only after
    /// [`Channel::irq_ack`].
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Self::Error> {
        panic!(
            "unexpected notification from channels {}",
            channels.display()
        )
    }

    /// The other end of `channel` calls; its words are in the message registers, and the answer's
    /// words are put there.
    fn protected(
        &mut self,
        channel: Channel,
        msg_info: MessageInfo,
    ) -> Result<MessageInfo, Self::Error> {
        panic!(
            "unexpected call through channel {}, {msg_info:?}",
            channel.index()
        )
    }

    /// A child faulted: [`MessageInfo::fault`] says how. With `Some` it is answered: a message
    /// with label 0 lets it try again. With `None` it stays where it is, unless it was restarted.
    fn fault(
        &mut self,
        child: Child,
        msg_info: MessageInfo,
    ) -> Result<Option<MessageInfo>, Self::Error> {
        panic!("unexpected fault of child {}, {msg_info:?}", child.index())
    }

    /// Taken after each of the others, and done before the loop waits again.
    ///
    /// An action deferred in `protected` is done before the answer is sent.
    fn take_deferred_action(&mut self) -> Option<DeferredAction> {
        None
    }

    /// The loop. A PD that must not wait here, such as one that runs a guest, has its own.
    #[doc(hidden)]
    fn run(&mut self) -> Result<Never, Self::Error> {
        // Interrupts that came while nobody handled them wait for an acknowledgement.
        for channel in ChannelSet::from_badge(symbols::irqs()).iter() {
            if let Err(error) = channel.irq_ack() {
                panic!("channel {}: {error}", channel.index());
            }
        }
        let mut answer: Option<MessageInfo> = None;
        loop {
            if let Some(action) = self.take_deferred_action() {
                let (cap, message) = action.prepare();
                // Leaves the message registers alone: the answer's words are there.
                cap.send_with_mrs(message, []);
            }
            let event = match answer.take() {
                Some(msg_info) => ipc::reply_recv(msg_info),
                None => ipc::recv(),
            };
            match event {
                Event::Notified(channels) => self.notified(channels)?,
                Event::Protected(channel, msg_info) => {
                    answer = Some(self.protected(channel, msg_info)?);
                }
                Event::Fault(child, msg_info) => answer = self.fault(child, msg_info)?,
            }
        }
    }
}

/// A type without values.
#[doc(hidden)]
pub type Never = Infallible;

impl Handler for Never {
    type Error = Infallible;
}

/// A handler that expects nothing: everything that comes is a panic.
#[derive(Debug)]
pub struct NullHandler(());

impl NullHandler {
    /// The handler.
    #[allow(clippy::new_without_default)]
    pub const fn new() -> Self {
        Self(())
    }
}

impl Handler for NullHandler {
    type Error = Infallible;
}

#[cfg(feature = "alloc")]
impl<T: Handler + ?Sized> Handler for alloc::boxed::Box<T> {
    type Error = T::Error;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Self::Error> {
        (**self).notified(channels)
    }

    fn protected(
        &mut self,
        channel: Channel,
        msg_info: MessageInfo,
    ) -> Result<MessageInfo, Self::Error> {
        (**self).protected(channel, msg_info)
    }

    fn fault(
        &mut self,
        child: Child,
        msg_info: MessageInfo,
    ) -> Result<Option<MessageInfo>, Self::Error> {
        (**self).fault(child, msg_info)
    }

    fn take_deferred_action(&mut self) -> Option<DeferredAction> {
        (**self).take_deferred_action()
    }

    fn run(&mut self) -> Result<Never, Self::Error> {
        (**self).run()
    }
}
