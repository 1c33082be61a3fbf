// SPDX-License-Identifier: BSD-2-Clause
//! What devices did that the IOMMU stopped.

use core::time::Duration;

use iommu_manager_interface::Fault;
use pci::Bdf;
use sriov::State;

use super::Manager;
use crate::Parts;

/// How many records are fetched at a time; the rest after a pause, in which others are served.
const AT_ONCE: usize = 32;
const PAUSE: Duration = Duration::from_millis(1);

impl<P: Parts> Manager<'_, P> {
    /// Fetches the records of what was stopped, and blocks who did it. Returns when to do so
    /// again.
    pub(super) fn fetch_faults(&mut self, now: Duration) -> Option<Duration> {
        if self.deaf {
            return None;
        }
        for _ in 0..AT_ONCE {
            let record = match self.bus.iommu.next_fault() {
                Ok(record) => record,
                Err(error) => {
                    log::error!("no more faults will be told of: {error}");
                    self.deaf = true;
                    return None;
                }
            };
            if record.number == 0 {
                let again = Duration::from_millis(record.again_ms);
                return (!again.is_zero()).then(|| now.saturating_add(again));
            }
            self.on_fault(&record.fault, now);
        }
        Some(now.saturating_add(PAUSE))
    }

    fn on_fault(&mut self, fault: &Fault, now: Duration) {
        let mut grants = self.table.grants().iter();
        let slot = grants.position(|grant| grant.requester.get() == fault.requester);
        if let Some(index) = slot
            && let Some(slot) = self.slots.get_mut(index)
        {
            let reason = slot.record(fault);
            slot.dirty |= slot.vf.state() == State::Configured;
            self.quarantine(index, reason, now);
            return;
        }
        let at = Bdf(fault.requester);
        let functions = self.table.functions();
        let own = functions
            .iter()
            .any(|function| function.requester.get() == fault.requester);
        if own {
            log::error!("{at}: the physical function itself was stopped: {fault}");
        }
    }
}
