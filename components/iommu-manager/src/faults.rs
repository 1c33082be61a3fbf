// SPDX-License-Identifier: BSD-2-Clause
//! Devices that overstepped: stopped, told of, remembered.

use heapless::Deque;
use iommu_manager_interface::{Access, Fault, Record, State};
use mmio::Mmio;
use vtd::Memory;
use zerocopy::FromZeros;

use crate::credit::Credit;
use crate::manager::Manager;

/// Records that wait to be fetched. A device in quarantine makes no new ones.
const MAX_RECORDS: usize = 64;
/// Lines about devices that the system description does not have.
const MAX_STRANGERS: u32 = 16;
/// Pages that stay free when a stranger is silenced, which may take one.
const RESERVE: usize = 16;

/// What is known of faults.
#[derive(Debug, Default)]
pub struct Faults {
    records: Deque<Record, MAX_RECORDS>,
    /// Records made so far.
    number: u64,
    /// Faults seen.
    pub seen: u64,
    strangers: u32,
    credit: Credit,
}

impl Faults {
    fn record(&mut self, fault: Fault) {
        self.number += 1;
        if self.records.is_full() {
            self.records.pop_front();
        }
        // Cannot fail: there is room now.
        let _ = self.records.push_back(Record {
            fault,
            number: self.number,
            again_ms: 0,
        });
    }

    /// The oldest record, or an empty one.
    pub fn take(&mut self) -> Record {
        Record {
            again_ms: self.credit.rest_ms(),
            ..self.records.pop_front().unwrap_or_else(Record::new_zeroed)
        }
    }
}

impl<R: Mmio, M: Memory> Manager<'_, R, M> {
    /// Stops the devices that hardware complains of, as long as there is credit; `clock` is the
    /// time-stamp counter. To be called when a fault event came, and now and then by who wants to
    /// know. Returns whether there are new records.
    pub fn serve_faults(&mut self, clock: impl Fn() -> u64) -> bool {
        if !self.faults.credit.begin(clock()) {
            return false;
        }
        let (mut news, mut go_on) = (false, true);
        while go_on && let Some(iommu) = &mut self.iommu {
            if let Some((unit, fault)) = iommu.take_fault() {
                news |= self.overstepped(unit, fault);
                go_on = self.faults.credit.spend(clock());
            } else if !iommu.take_overflow() {
                break;
            }
        }
        for unit in self.iommu.iter_mut().flat_map(|iommu| iommu.units_mut()) {
            unit.mask_fault_event(!go_on);
        }
        news
    }

    /// Stops a device; whether that is news.
    fn overstepped(&mut self, unit: usize, fault: vtd::Fault) -> bool {
        let (told, source) = (in_message(fault), fault.source);
        self.faults.seen += 1;
        let mut devices = self.devices.iter_mut();
        if let Some(device) = devices.find(|device| device.id == source) {
            device.faults += 1;
            device.last = told;
            if device.state == State::Quarantined {
                return false;
            }
            log::warn!("{told}; '{}' is quarantined", device.name);
            // What went wrong is in the log.
            let device = self.guarded(source);
            let _ = device.and_then(|mut device| device.quarantine());
        } else if self.faults.strangers < MAX_STRANGERS {
            self.faults.strangers += 1;
            log::warn!("{told}; the system description does not have the device");
            self.silence(unit, source);
        } else {
            return false;
        }
        self.faults.record(told);
        true
    }

    /// Has hardware no longer report a device that nobody has. I/O APICs are heard further on: with
    /// them, everything would be silent.
    fn silence(&mut self, unit: usize, source: vtd::Bdf) {
        let io_apic = self.io_apics.iter().any(|(_, known)| *known == source);
        let Some(iommu) = self.iommu.as_mut().filter(|_| !io_apic) else {
            return;
        };
        let (used, all) = iommu.memory().pages();
        if used + RESERVE < all
            && let Err(error) = iommu.quarantine(unit, source, true)
        {
            log::error!("silencing {source}: {error}");
        }
    }
}

fn in_message(fault: vtd::Fault) -> Fault {
    let (access, at) = match fault.request {
        vtd::Request::Dma(at, vtd::Access::Read) => (Access::Read, at.0),
        vtd::Request::Dma(at, vtd::Access::Write) => (Access::Write, at.0),
        vtd::Request::Dma(at, vtd::Access::Other) => (Access::Other, at.0),
        vtd::Request::Interrupt(index) => (Access::Interrupt, index.into()),
    };
    Fault {
        requester: fault.source.0,
        reason: fault.reason,
        access: access as u8,
        reserved: 0,
        at,
    }
}
