// SPDX-License-Identifier: BSD-2-Clause
//! Waiting, in the middle of a test, for what otherwise arrives in the event loop.

use core::fmt;

use sel4_microkit::{
    Channel, ChannelSet,
    ipc::{self, Event},
};

/// Where every protection domain receives: capability slot 1.
const INPUT: sel4::cap::Endpoint = sel4::cap::Endpoint::from_bits(1);

/// Something else happened than what a test waits for.
#[derive(Debug)]
pub struct Surprise(pub Event);

impl fmt::Display for Surprise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Event::Notified(channels) => write!(f, "notified by {}", channels.display()),
            Event::Protected(channel, _) => write!(f, "called by {}", channel.index()),
            Event::Fault(child, info) => {
                write!(f, "fault of {}: {:?}", child.index(), info.fault())
            }
        }
    }
}

impl core::error::Error for Surprise {}

/// Waits until `channel` notifies. Other notifications that come meanwhile are dropped.
///
/// # Errors
///
/// When something else than a notification arrives: a fault, or a call.
pub fn wait_for(channel: Channel) -> Result<(), Surprise> {
    loop {
        match ipc::recv() {
            Event::Notified(channels) if channels.contains(channel) => return Ok(()),
            Event::Notified(_) => {}
            event => return Err(Surprise(event)),
        }
    }
}

/// Waits for a notification; of which channels.
///
/// # Errors
///
/// As [`wait_for`].
pub fn wait_any() -> Result<ChannelSet, Surprise> {
    match ipc::recv() {
        Event::Notified(channels) => Ok(channels),
        event => Err(Surprise(event)),
    }
}

/// Takes the notifications that have arrived, without waiting: a bit for each channel.
pub fn poll() -> u64 {
    let (_, badge) = INPUT.nb_recv(());
    badge
}

/// Drops what has arrived.
pub fn drain() {
    while poll() != 0 {}
}

/// Waits until every protection domain above the lowest priority on this core has nothing to do,
/// by a notification to the echo (program `test-echo`, priority 0) and back.
///
/// # Errors
///
/// As [`wait_for`].
pub fn settle(echo: Channel) -> Result<(), Surprise> {
    echo.notify();
    wait_for(echo)
}
