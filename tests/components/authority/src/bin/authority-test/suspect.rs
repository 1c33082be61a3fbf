// SPDX-License-Identifier: BSD-2-Clause
//! The child that was given nothing.

use authority_tests::{Order, Shared};
use sel4::Fault;
use sel4_microkit::{
    Channel, Child,
    ipc::{self, Event},
    memory_region_symbol, var,
};
use sel4_test::Failure;
use test_support::event::{Surprise, drain, wait_for};

/// Its id in system.xml.
pub const SUSPECT: Child = Child::new(6);

/// The page that it shares with this protection domain.
pub fn shared() -> &'static Shared {
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { memory_region_symbol!(shared: *mut Shared).as_ref() }
}

/// The channel to it.
pub fn channel() -> Channel {
    Channel::new(*var!(suspect_channel: usize = 0))
}

/// Gives an order and waits for the answer.
pub fn order(order: Order, address: u64) -> Result<(), Failure> {
    shared().give(order, address);
    channel().notify();
    Ok(wait_for(channel())?)
}

/// Restarts it, whatever it does, and forgets what it has told.
pub fn restart() -> Result<(), Failure> {
    SUSPECT.restart()?;
    drain();
    Ok(())
}

/// Gives an order that ends in a fault or in an answer; which fault. Afterwards the child waits for
/// orders again.
pub fn try_order(order: Order, address: u64) -> Result<Option<Fault>, Failure> {
    shared().give(order, address);
    channel().notify();
    match ipc::recv() {
        Event::Fault(child, info) if child == SUSPECT => {
            let fault = info.fault();
            SUSPECT.restart()?;
            Ok(Some(fault))
        }
        Event::Notified(channels) if channels.contains(channel()) => Ok(None),
        event => Err(Surprise(event).into()),
    }
}
