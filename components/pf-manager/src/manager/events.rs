// SPDX-License-Identifier: BSD-2-Clause
//! What network cards report of their virtual functions.

use core::time::Duration;

use igb::{Answer, Event};
use image_spec::vf_grants::Grant;
use sriov::Reason;

use super::Manager;
use crate::Parts;
use crate::device::Driver;
use crate::network::Events;

impl<P: Parts> Manager<'_, P> {
    /// Lets the driver of a device that is ready work. Returns when to do so again.
    pub(super) fn work(&mut self, index: usize, now: Duration) -> Option<Duration> {
        let mut events = Events::new();
        let next = match &mut self.devices.get_mut(index)?.driver {
            Driver::Network(network) => network.work(now, &mut events),
            Driver::Storage(_) | Driver::None(_) => return None,
        };
        for event in events {
            let (Event::Reset(vf)
            | Event::Answered(vf, _)
            | Event::Flooding(vf)
            | Event::Spoofed(vf)) = event;
            let mut grants = self.table.grants().iter();
            let of = |grant: &Grant| usize::from(grant.function) == index && grant.vf == vf;
            if let Some(slot) = grants.position(of) {
                self.on_event(slot, event, now);
            }
        }
        Some(next)
    }

    fn on_event(&mut self, index: usize, event: Event, now: Duration) {
        let Some(slot) = self.slots.get_mut(index) else {
            return;
        };
        match event {
            Event::Reset(_) => slot.resets += 1,
            Event::Answered(_, Answer::Granted) => slot.messages.0 += 1,
            Event::Answered(_, Answer::Refused(refusal)) => {
                slot.messages.1 += 1;
                log::debug!(
                    "virtual function {} was refused: {refusal:?}",
                    slot.vf.index()
                );
            }
            // The device has dropped the frame. Some do this by mistake all the time.
            Event::Spoofed(_) => {}
            Event::Flooding(_) => {
                if slot.flood(now) {
                    self.quarantine(index, Reason::Misbehaviour, now);
                }
            }
        }
    }
}
