// SPDX-License-Identifier: BSD-2-Clause
//! The switch.

use core::fmt;

use switch_interface::{LONGEST_FRAME, Mac, Notify};

use crate::port::Port;

/// Ports that a switch can have.
pub const MAX_PORTS: usize = 16;
/// Frames of one port in one pass.
const BATCH: usize = 32;

/// What a client did that somebody should know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// It sent a frame with an address that is not its own.
    Foreign(Mac),
    /// It sent something that is no frame.
    Malformed,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign(mac) => write!(f, "a frame in the name of {mac}, which is not its own"),
            Self::Malformed => f.write_str("something that is no frame"),
        }
    }
}

/// Ports, and frames between them.
#[derive(Debug)]
pub struct Switch<'a, N> {
    ports: [Option<Port<'a, N>>; MAX_PORTS],
}

impl<N: Notify> Default for Switch<'_, N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<'a, N: Notify> Switch<'a, N> {
    /// A switch without ports.
    pub const fn new() -> Self {
        Self {
            ports: [const { None }; MAX_PORTS],
        }
    }

    /// Adds a port. Returns false if there is none of this number, or it is taken.
    pub fn add(&mut self, number: usize, port: Port<'a, N>) -> bool {
        let free = self.ports.get_mut(number).filter(|free| free.is_none());
        free.map(|free| *free = Some(port)).is_some()
    }

    /// A port.
    pub fn port(&self, number: usize) -> Option<&Port<'a, N>> {
        self.ports.get(number)?.as_ref()
    }

    /// Carries a bounded number of frames of each port. `report` gets what a client did wrong, a few
    /// times for each client. Returns whether there are more frames, of which nobody will tell.
    pub fn pass(&mut self, mut report: impl FnMut(usize, Event)) -> bool {
        let mut frame = [0; LONGEST_FRAME];
        for sender in 0..MAX_PORTS {
            for _ in 0..BATCH {
                let Some(taken) = self.port_mut(sender).and_then(|port| port.take(&mut frame))
                else {
                    break;
                };
                let frame = taken.and_then(|length| frame.get(..length));
                let event = frame.map_or(Some(Event::Malformed), |frame| self.carry(sender, frame));
                if let Some(event) = event
                    && self.count(sender, event)
                {
                    report(sender, event);
                }
            }
        }
        let mut more = false;
        for port in self.ports.iter_mut().flatten() {
            more |= port.settle();
        }
        more
    }

    fn port_mut(&mut self, number: usize) -> Option<&mut Port<'a, N>> {
        self.ports.get_mut(number)?.as_mut()
    }

    /// Carries a frame to where it belongs. Returns what is wrong with it.
    fn carry(&mut self, sender: usize, frame: &[u8]) -> Option<Event> {
        let (Some(destination), Some(source)) = (address(frame, 0), address(frame, 6)) else {
            return Some(Event::Malformed);
        };
        let port = self.port_mut(sender)?;
        if source != port.mac() {
            return Some(Event::Foreign(source));
        }
        let for_several = destination.is_multicast();
        let (mut found, mut refused) = (for_several, false);
        for (number, port) in self.ports.iter_mut().enumerate() {
            let Some(port) = port.as_mut().filter(|_| number != sender) else {
                continue;
            };
            if for_several || port.mac() == destination {
                found = true;
                refused |= !port.put(sender, for_several, frame);
            }
        }
        let counters = self.port_mut(sender)?.counters_mut();
        counters.unknown += u64::from(!found);
        counters.refused += u64::from(refused);
        None
    }

    /// Counts an offence. Returns whether it is to be told.
    fn count(&mut self, sender: usize, event: Event) -> bool {
        let Some(port) = self.port_mut(sender) else {
            return false;
        };
        match event {
            Event::Foreign(_) => port.counters_mut().foreign += 1,
            Event::Malformed => port.counters_mut().malformed += 1,
        }
        port.may_report()
    }
}

/// The address at this place of a frame.
fn address(frame: &[u8], at: usize) -> Option<Mac> {
    Some(Mac(*frame.get(at..)?.first_chunk()?))
}

#[cfg(test)]
mod tests;
