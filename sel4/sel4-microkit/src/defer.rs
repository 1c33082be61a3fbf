// SPDX-License-Identifier: BSD-2-Clause
//! Actions that are done when the handler has returned.

use crate::{Channel, IrqAckError};

/// A signal or acknowledgement to be done by the main loop, see
/// [`Handler::take_deferred_action`](crate::Handler::take_deferred_action).
#[derive(Debug, Copy, Clone, Eq, PartialEq)]
pub struct DeferredAction {
    channel: Channel,
    interface: DeferredActionInterface,
}

/// What can be deferred.
#[derive(Debug, Copy, Clone, Eq, PartialEq)]
pub enum DeferredActionInterface {
    /// [`Channel::notify`].
    Notify,
    /// [`Channel::irq_ack`].
    IrqAck,
}

impl DeferredAction {
    /// The action `interface` on `channel`.
    pub const fn new(channel: Channel, interface: DeferredActionInterface) -> Self {
        Self { channel, interface }
    }

    /// Signals `channel`.
    pub const fn new_notify(channel: Channel) -> Self {
        Self::new(channel, DeferredActionInterface::Notify)
    }

    /// Acknowledges the interrupt `channel`.
    pub const fn new_irq_ack(channel: Channel) -> Self {
        Self::new(channel, DeferredActionInterface::IrqAck)
    }

    /// The channel.
    pub const fn channel(&self) -> Channel {
        self.channel
    }

    /// What is done with it.
    pub const fn interface(&self) -> DeferredActionInterface {
        self.interface
    }

    /// Does it now.
    pub fn execute_now(self) -> Result<(), IrqAckError> {
        match self.interface {
            DeferredActionInterface::Notify => {
                self.channel.notify();
                Ok(())
            }
            DeferredActionInterface::IrqAck => self.channel.irq_ack(),
        }
    }

    /// What the main loop sends: to which capability, and which message.
    pub(crate) fn prepare(&self) -> (sel4::cap::Unspecified, sel4::MessageInfo) {
        let message = sel4::MessageInfoBuilder::default();
        match self.interface {
            DeferredActionInterface::Notify => {
                (self.channel.notification().upcast(), message.build())
            }
            DeferredActionInterface::IrqAck => {
                let label = sel4::sys::invocation_label::IRQAckIRQ;
                (
                    self.channel.irq_handler().upcast(),
                    message.label(label).build(),
                )
            }
        }
    }
}

/// Room for one action; helps to implement
/// [`Handler::take_deferred_action`](crate::Handler::take_deferred_action).
#[derive(Debug, Default)]
pub struct DeferredActionSlot {
    inner: Option<DeferredAction>,
}

impl DeferredActionSlot {
    /// An empty slot.
    pub const fn new() -> Self {
        Self { inner: None }
    }

    /// Takes the action out.
    pub const fn take(&mut self) -> Option<DeferredAction> {
        self.inner.take()
    }

    /// Puts an action in. One that is there already is done now, so actions keep their order.
    ///
    /// # Errors
    ///
    /// Of the action that is done now.
    pub fn defer(&mut self, action: DeferredAction) -> Result<(), IrqAckError> {
        match self.inner.replace(action) {
            Some(older) => older.execute_now(),
            None => Ok(()),
        }
    }

    /// Defers [`Channel::notify`].
    pub fn defer_notify(&mut self, channel: Channel) -> Result<(), IrqAckError> {
        self.defer(DeferredAction::new_notify(channel))
    }

    /// Defers [`Channel::irq_ack`].
    pub fn defer_irq_ack(&mut self, channel: Channel) -> Result<(), IrqAckError> {
        self.defer(DeferredAction::new_irq_ack(channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTIFY: DeferredAction = DeferredAction::new_notify(Channel::new(1));

    #[test]
    fn a_slot_gives_back_what_was_put_in_once() {
        let mut slot = DeferredActionSlot::new();
        assert_eq!(slot.take(), None);
        slot.defer_irq_ack(Channel::new(7)).unwrap();
        let action = slot.take().unwrap();
        assert_eq!(action.channel().index(), 7);
        assert_eq!(action.interface(), DeferredActionInterface::IrqAck);
        assert_eq!(slot.take(), None);
    }

    #[test]
    #[should_panic(expected = "notify: not valid for channel '1'")]
    fn a_second_action_makes_the_first_happen() {
        // On the host no channel is valid, so the panic shows which action was carried out.
        let mut slot = DeferredActionSlot::new();
        slot.defer(NOTIFY).unwrap();
        let _ = slot.defer_irq_ack(Channel::new(2));
    }
}
