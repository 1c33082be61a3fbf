// SPDX-License-Identifier: BSD-2-Clause
//! All physical functions and all virtual functions that have an owner.

mod events;
mod faults;
mod service;
#[cfg(test)]
mod tests;

use core::time::Duration;

use heapless::Vec;
use image_spec::CHANNELS;
use image_spec::vf_grants::Table;
use iommu_manager_interface::{Manager as Iommu, Refusal};
use pci::{Bdf, Command, Header, set_command};
use sriov::{Owner, Reason, Refused, Vf};

use crate::device::{Device, Driver};
use crate::hands::Hands;
use crate::parts::Bus;
use crate::slot::Slot;
use crate::{Parts, Problem, Supplies};

/// How many physical functions there can be.
pub const MAX_FUNCTIONS: usize = 4;

/// Why nothing is granted, as the IOMMU manager numbers it; this number if it does not say.
const UNKNOWN_REFUSAL: u16 = u16::MAX;

/// The PF manager.
pub struct Manager<'a, P: Parts> {
    table: Table<'a>,
    bus: Bus<P>,
    /// In the order of the table's functions.
    devices: Vec<Device<P>, MAX_FUNCTIONS>,
    /// In the order of the table's grants.
    slots: Vec<Slot, { CHANNELS as usize }>,
    /// Why nothing is granted.
    unguarded: Option<u16>,
    /// The IOMMU manager does not tell of faults any more.
    deaf: bool,
    generation: u64,
}

impl<'a, P: Parts> Manager<'a, P> {
    /// Asks the IOMMU manager whether it guards this machine, and has it block all devices of
    /// `table`, whatever they were granted in an earlier life. If it does not guard, nothing is
    /// started and nothing granted. `now` must differ from that of earlier lives.
    pub fn new(
        table: Table<'a>,
        config: P::Config,
        iommu: P::Iommu,
        mut supplies: Supplies<P>,
        now: Duration,
    ) -> Self {
        let iommu = Iommu::new(iommu);
        let unguarded = unguarded(&iommu);
        let mut manager = Self {
            table,
            bus: Bus { config, iommu },
            devices: Vec::new(),
            slots: Vec::new(),
            unguarded,
            deaf: false,
            generation: u64::try_from(now.as_nanos()).unwrap_or(u64::MAX),
        };
        for grant in table.grants() {
            // There is room for one on each channel.
            let _ = manager.slots.push(Slot::new(grant.vf));
        }
        for function in table.functions() {
            let mut device = Device::new(*function, &mut supplies);
            if unguarded.is_some() {
                manager.silence(&mut device, now);
            }
            let at = device.at();
            if manager.devices.push(device).is_err() {
                log::error!(
                    "{at}: more than {MAX_FUNCTIONS} physical functions, it is not started"
                );
            }
        }
        if unguarded.is_none() {
            manager.block_all();
        }
        manager
    }

    /// Firmware may have left a device that does DMA.
    fn silence(&mut self, device: &mut Device<P>, now: Duration) {
        let at = device.at();
        if Header::read(&self.bus.config, at).is_some() {
            set_command(&mut self.bus.config, at, Command::new());
        }
        device.fail(&mut self.bus, Problem::Unguarded, now);
    }

    fn block_all(&mut self) {
        for grant in self.table.grants() {
            let at = Bdf(grant.requester.get());
            if let Err(error) = self.bus.iommu.detach(at.0) {
                log::error!("{at} of {}: {error}", grant.owner());
            }
        }
    }

    /// Goes on with everything as far as possible. To be called when a time-out ended, an
    /// interrupt came, the IOMMU manager notified, and after each [`call`](Self::call). Returns
    /// when to be called again; `notify` is told the channels of clients that have something to
    /// learn.
    pub fn poll(&mut self, now: Duration, mut notify: impl FnMut(u8)) -> Option<Duration> {
        if self.unguarded.is_some() {
            return None;
        }
        // First of all: what a function did before its reset is not to be held against it later.
        let mut next = self.fetch_faults(now);
        for index in 0..self.devices.len() {
            next = earlier(next, self.poll_device(index, now));
        }
        for index in 0..self.slots.len() {
            next = earlier(next, self.poll_slot(index, now));
            if self.has_news(index)
                && let Some(grant) = self.table.grants().get(index)
            {
                notify(grant.channel);
            }
        }
        next
    }

    fn poll_device(&mut self, index: usize, now: Duration) -> Option<Duration> {
        let grants = self.table.grants().iter();
        let own = grants.filter(move |grant| usize::from(grant.function) == index);
        let device = self.devices.get_mut(index)?;
        if device.problem().is_some() {
            return None;
        }
        if !device.is_ready() {
            let next = device.poll(&mut self.bus, own, now);
            let (at, function) = (device.at(), self.table.functions().get(index)?);
            if let Some(problem) = device.problem() {
                log::error!("{at}: {problem}; none of its virtual functions is granted");
                return None;
            }
            if !device.is_ready() {
                return next;
            }
            log::info!("{at}: {} virtual functions", function.vfs);
            self.configure(index, now);
        }
        self.work(index, now)
    }

    /// The virtual functions of a device that is ready come into being.
    fn configure(&mut self, device: usize, now: Duration) {
        for (index, grant) in self.table.grants().iter().enumerate() {
            if usize::from(grant.function) != device {
                continue;
            }
            let checked = self.devices.get(device).map(|device| device.check(grant));
            let problem = match checked {
                Some(Ok(())) => None,
                Some(Err(problem)) => Some(problem),
                None => Some(Problem::Missing),
            };
            if let Some(problem) = problem {
                log::error!("{}: {problem}; it is not granted", grant.owner());
                if let Some(slot) = self.slots.get_mut(index) {
                    slot.problem = Some(problem);
                }
                continue;
            }
            // Cannot be refused: it is absent, and forbidding it cannot fail.
            let _ = self.with(index, |vf, hands| vf.configure(hands, now));
        }
    }

    fn poll_slot(&mut self, index: usize, now: Duration) -> Option<Duration> {
        // A failure is logged where it happens, and its state tells.
        let next = self.with(index, |vf, hands| vf.poll(hands, now).unwrap_or(None))?;
        let slot = self.slots.get(index)?;
        if slot.claimed && slot.vf.state() == sriov::State::Configured {
            // A grant that fails is revoked from here on.
            let _ = self.grant(index, now);
            let revoked = self.with(index, |vf, hands| vf.poll(hands, now).unwrap_or(None))?;
            return earlier(next, revoked);
        }
        next
    }

    /// Grants a configured virtual function to its owner.
    fn grant(&mut self, index: usize, now: Duration) -> Result<(), Refused> {
        let grant = self.table.grants().get(index).ok_or(Refused::Absent)?;
        let owner = Owner(grant.channel.into());
        let granted = self.with(index, |vf, hands| vf.grant(hands, owner, now));
        let granted = granted.unwrap_or(Err(Refused::Absent));
        let Some(slot) = self.slots.get_mut(index) else {
            return granted;
        };
        match granted {
            Ok(()) => {
                // Once is enough: it may come and go very often.
                if !core::mem::replace(&mut slot.known, true) {
                    let at = Bdf(grant.requester.get());
                    log::info!("{at}: granted to {}", grant.owner());
                }
            }
            // A revocation follows, with a reset. Then once more if that was missing, but not
            // again and again without being asked.
            Err(_) => slot.claimed = core::mem::take(&mut slot.dirty),
        }
        granted
    }

    fn quarantine(&mut self, index: usize, reason: Reason, now: Duration) {
        let Some(grant) = self.table.grants().get(index) else {
            return;
        };
        let result = self.with(index, |vf, hands| vf.quarantine(hands, reason, now));
        if let Some(Ok(()) | Err(Refused::Failed(_))) = result {
            let (at, owner) = (Bdf(grant.requester.get()), grant.owner());
            let last = self.slots.get(index).and_then(|slot| slot.last_fault);
            match last.filter(|_| reason != Reason::Misbehaviour) {
                Some(fault) => log::warn!("{at} of {owner}: in quarantine, {fault}"),
                None => log::warn!("{at} of {owner}: in quarantine, it floods its mailbox"),
            }
        }
    }

    /// A virtual function with all that is needed to act on it.
    fn with<R>(
        &mut self,
        index: usize,
        act: impl FnOnce(&mut Vf, &mut Hands<'_, P>) -> R,
    ) -> Option<R> {
        let slot = self.slots.get_mut(index)?;
        let grant = self.table.grants().get(index)?;
        let device = self.devices.get_mut(usize::from(grant.function))?;
        let mut hands = Hands {
            bus: &mut self.bus,
            device,
            grant,
            reset: &mut slot.reset,
        };
        Some(act(&mut slot.vf, &mut hands))
    }

    /// Why a virtual function will not come.
    fn problem(&self, index: usize) -> Option<Problem> {
        let (Some(slot), Some(grant)) = (self.slots.get(index), self.table.grants().get(index))
        else {
            return Some(Problem::Missing);
        };
        let device = self.devices.get(usize::from(grant.function));
        let missing = Some(Problem::Missing);
        slot.problem
            .or(device.map_or(missing, |device| device.problem()))
    }

    fn has_news(&mut self, index: usize) -> bool {
        let refused = self.problem(index).is_some();
        let megabits = self.megabits(index);
        let slot = self.slots.get_mut(index);
        slot.is_some_and(|slot| slot.news(refused, megabits))
    }

    fn megabits(&self, index: usize) -> u16 {
        let grant = self.table.grants().get(index);
        let device = grant.and_then(|grant| self.devices.get(usize::from(grant.function)));
        match device.map(|device| &device.driver) {
            Some(Driver::Network(network)) => network.megabits(),
            _ => 0,
        }
    }
}

/// Why the IOMMU manager does not guard this machine; `None` if it does.
fn unguarded<C: iommu_manager_interface::Call>(iommu: &Iommu<C>) -> Option<u16> {
    let refusal = match iommu.status() {
        Ok(protection) if protection.refusal == Refusal::None as u8 => return None,
        Ok(protection) => {
            match Refusal::from_number(protection.refusal) {
                Some(refusal) => log::error!("no virtual function is granted: {refusal}"),
                None => log::error!("no virtual function is granted"),
            }
            protection.refusal.into()
        }
        Err(error) => {
            log::error!("no virtual function is granted: {error}");
            UNKNOWN_REFUSAL
        }
    };
    Some(refusal)
}

fn earlier(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    a.into_iter().chain(b).min()
}
