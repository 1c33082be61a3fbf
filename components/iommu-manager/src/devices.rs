// SPDX-License-Identifier: BSD-2-Clause
//! What a device may do, and taking it away.
//!
//! A device that has nothing has no domain. Whatever goes wrong, a device ends in a state in which
//! nothing of it passes, and in quarantine if something may still be under way.

use iommu_manager_interface::{State, Status};
use mmio::Mmio;
use vtd::{Hpa, Iova, Rights};

use crate::check::end;
use crate::manager::{Manager, is_pin, target};
use crate::pages::Tables;
use image_spec::dma_grants::{Grant, READ, WRITE};

impl<R: Mmio, M: Tables> Manager<'_, R, M> {
    /// Lets the device at `place` reach all that it is granted.
    pub(crate) fn attach(&mut self, place: usize) -> Result<(), Status> {
        self.expect(place, &[State::Blocked])?;
        self.grant(place).or_else(|error| {
            self.failed(place, "attaching", error);
            self.detach(place)?;
            Err(Status::Failed)
        })
    }

    fn grant(&mut self, place: usize) -> vtd::Result<()> {
        let (Some(iommu), Some(device), Some(table)) =
            (&mut self.iommu, self.devices.get_mut(place), self.table)
        else {
            return Err(vtd::Error::NoSuch);
        };
        let grants = table
            .device(device.id.0)
            .map_or(&[][..], |entry| table.grants(entry));
        let bits = u64::BITS - end(grants).saturating_sub(1).leading_zeros();
        let domain = device.domain.insert(iommu.create_domain(bits as u8)?);
        for grant in grants {
            let (start, host) = (Iova(grant.iova.get()), Hpa(grant.paddr.get()));
            iommu.map(domain, start, host, grant.len.get(), rights(grant))?;
        }
        iommu.attach(device.unit, device.id, domain)?;
        device.state = State::Attached;
        Ok(())
    }

    /// Takes everything from the device.
    pub(crate) fn detach(&mut self, place: usize) -> Result<(), Status> {
        let done = self
            .take_memory(place)
            .and_then(|()| self.take_interrupts(place));
        if let Some(device) = self.devices.get_mut(place) {
            device.state = if done.is_ok() {
                State::Blocked
            } else {
                State::Quarantined
            };
        }
        done.map_err(|error| self.failed(place, "detaching", error))
    }

    fn take_memory(&mut self, place: usize) -> vtd::Result<()> {
        let (Some(iommu), Some(device)) = (&mut self.iommu, self.devices.get_mut(place)) else {
            return Err(vtd::Error::NoSuch);
        };
        let (unit, id) = (device.unit, device.id);
        let Some(domain) = &mut device.domain else {
            // One that was silenced without ever having had a domain is heard of again.
            return iommu.quarantine(unit, id, false);
        };
        if domain.devices() != 0 {
            iommu.detach(unit, id, domain)?;
        }
        let Some(domain) = device.domain.take() else {
            return Ok(());
        };
        iommu.destroy_domain(domain).map_err(|(domain, error)| {
            device.domain = Some(domain);
            error
        })
    }

    fn take_interrupts(&mut self, place: usize) -> vtd::Result<()> {
        let interrupts = self.interrupts();
        let (Some(iommu), Some(device)) = (&mut self.iommu, self.devices.get(place)) else {
            return Err(vtd::Error::NoSuch);
        };
        for index in interrupts.iter().map(|interrupt| interrupt.index.get()) {
            if iommu.interrupt_owner(device.unit, index) == Some(device.id) {
                iommu.unbind(device.unit, index, device.id)?;
            }
        }
        Ok(())
    }

    /// Lets the device raise an interrupt of its own.
    pub(crate) fn bind(&mut self, place: usize, index: u16) -> Result<(), Status> {
        self.own(place, index)?;
        self.expect(place, &[State::Blocked, State::Attached])?;
        let target = self
            .table
            .and_then(|table| table.interrupt(index))
            .map(|interrupt| target(interrupt, self.apic));
        let (Some(iommu), Some(device), Some(target)) =
            (&mut self.iommu, self.devices.get(place), target)
        else {
            return Err(Status::Failed);
        };
        match iommu.bind(device.unit, index, device.id, target) {
            Err(vtd::Error::Bound(..)) => Err(Status::State),
            done => done.map_err(|error| self.failed(place, "binding", error)),
        }
    }

    /// Takes an interrupt from the device.
    pub(crate) fn unbind(&mut self, place: usize, index: u16) -> Result<(), Status> {
        self.own(place, index)?;
        let (Some(iommu), Some(device)) = (&mut self.iommu, self.devices.get(place)) else {
            return Err(Status::Failed);
        };
        match iommu.unbind(device.unit, index, device.id) {
            Err(vtd::Error::NotBound(_)) => Err(Status::State),
            done => done.map_err(|error| self.failed(place, "unbinding", error)),
        }
    }

    /// Stops everything of the device, and has it tried in silence.
    pub(crate) fn quarantine(&mut self, place: usize) -> Result<(), Status> {
        let (Some(iommu), Some(device)) = (&mut self.iommu, self.devices.get_mut(place)) else {
            return Err(Status::Failed);
        };
        device.state = State::Quarantined;
        let done = iommu.quarantine(device.unit, device.id, true);
        done.map_err(|error| self.failed(place, "quarantining", error))
    }

    /// Whether the interrupt is one of the device.
    fn own(&self, place: usize, index: u16) -> Result<(), Status> {
        let device = self.devices.get(place).ok_or(Status::Unknown)?;
        let interrupt = self.table.and_then(|table| table.interrupt(index));
        let own = interrupt
            .is_some_and(|interrupt| !is_pin(interrupt) && interrupt.source.get() == device.id.0);
        if own { Ok(()) } else { Err(Status::Index) }
    }

    fn expect(&self, place: usize, states: &[State]) -> Result<(), Status> {
        match self.devices.get(place).map(|device| device.state) {
            Some(state) if states.contains(&state) => Ok(()),
            Some(State::Quarantined) => Err(Status::Quarantined),
            _ => Err(Status::State),
        }
    }

    fn failed(&self, place: usize, what: &str, error: vtd::Error) -> Status {
        if let Some(device) = self.devices.get(place) {
            log::error!("{what} {}: {error}", device.id);
        }
        Status::Failed
    }
}

fn rights(grant: &Grant) -> Rights {
    match grant.rights.get() {
        READ => Rights::Read,
        WRITE => Rights::Write,
        _ => Rights::ReadWrite,
    }
}
