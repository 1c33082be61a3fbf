// SPDX-License-Identifier: BSD-2-Clause
//! What a device may do, and taking it away.
//!
//! A device that has nothing has no domain. Whatever goes wrong, a device ends in a state in which
//! nothing of it passes, and in quarantine if something may still be under way.

use image_spec::dma_grants::{self, Grant, Interrupt, READ, Table, WRITE, end};
use iommu_manager_interface::{Fault, State, Status};
use mmio::Mmio;
use pci::Bdf;
use vtd::{ApicId, Domain, Error, Hpa, Iommu, Iova, Memory, Rights, Target, Vector};
use zerocopy::FromZeros;

/// A device of the system description.
#[derive(Debug)]
pub struct Device<'a> {
    pub id: Bdf,
    pub name: &'a str,
    /// The unit that it is behind.
    pub unit: usize,
    pub state: State,
    pub domain: Option<Domain>,
    pub faults: u64,
    pub last: Fault,
    /// What it may reach.
    pub grants: &'a [Grant],
    table: Table<'a>,
}

impl<'a> Device<'a> {
    /// One that reaches nothing.
    pub fn new(table: Table<'a>, entry: &'a dma_grants::Device, unit: usize) -> Self {
        Self {
            id: Bdf(entry.requester.get()),
            name: entry.name(),
            unit,
            state: State::Blocked,
            domain: None,
            faults: 0,
            last: Fault::new_zeroed(),
            grants: table.grants(entry),
            table,
        }
    }

    /// The interrupt of an index, if it is one of its own.
    fn interrupt(&self, index: u16) -> Result<&'a Interrupt, Status> {
        let interrupt = self.table.interrupt_of(self.id.0, index);
        interrupt.ok_or(Status::Index)
    }

    fn expect(&self, states: &[State]) -> Result<(), Status> {
        match self.state {
            state if states.contains(&state) => Ok(()),
            State::Quarantined => Err(Status::Quarantined),
            _ => Err(Status::State),
        }
    }

    /// The answer to an operation that was not carried out.
    fn failed(&self, what: &str, error: Error) -> Status {
        if let Error::Bound(..) | Error::NotBound(_) = error {
            return Status::State;
        }
        log::error!("{what} {}: {error}", self.id);
        Status::Failed
    }
}

/// A device, and what guards it.
pub struct Guarded<'g, 'a, R, M> {
    pub device: &'g mut Device<'a>,
    pub iommu: &'g mut Iommu<R, M>,
    /// Where interrupts go.
    pub apic: ApicId,
}

impl<R: Mmio, M: Memory> Guarded<'_, '_, R, M> {
    /// Lets the device reach all that it is granted.
    pub fn attach(&mut self) -> Result<(), Status> {
        self.device.expect(&[State::Blocked])?;
        if let Err(error) = self.grant() {
            let status = self.device.failed("attaching", error);
            self.detach()?;
            return Err(status);
        }
        self.device.state = State::Attached;
        Ok(())
    }

    fn grant(&mut self) -> vtd::Result<()> {
        let grants = self.device.grants;
        let bits = u64::BITS - end(grants).saturating_sub(1).leading_zeros();
        let domain = self.iommu.create_domain(self.device.unit, bits as u8)?;
        let domain = self.device.domain.insert(domain);
        for grant in grants {
            let (start, host) = (Iova(grant.iova.get()), Hpa(grant.paddr.get()));
            let (bytes, rights) = (grant.len.get(), rights(grant));
            self.iommu.map(domain, start, host, bytes, rights)?;
        }
        self.iommu.attach(self.device.id, domain)
    }

    /// Takes everything from the device.
    pub fn detach(&mut self) -> Result<(), Status> {
        let done = self.take();
        self.device.state = match done {
            Ok(()) => State::Blocked,
            Err(_) => State::Quarantined,
        };
        done.map_err(|error| self.device.failed("detaching", error))
    }

    fn take(&mut self) -> vtd::Result<()> {
        let Self { device, iommu, .. } = self;
        let (unit, id) = (device.unit, device.id);
        match &mut device.domain {
            // One that was silenced without ever having had a domain is heard of again.
            None => iommu.quarantine(unit, id, false)?,
            Some(domain) if domain.devices() != 0 => iommu.detach(id, domain)?,
            Some(_) => {}
        }
        iommu.destroy_domain(&mut device.domain)?;
        for interrupt in device.table.interrupts() {
            let index = interrupt.index.get();
            if iommu.interrupt_owner(unit, index) == Some(id) {
                iommu.unbind(unit, index, id)?;
            }
        }
        Ok(())
    }

    /// Lets the device raise an interrupt of its own.
    pub fn bind(&mut self, index: u16) -> Result<(), Status> {
        let interrupt = self.device.interrupt(index)?;
        self.device.expect(&[State::Blocked, State::Attached])?;
        let Self {
            device,
            iommu,
            apic,
        } = self;
        let bound = iommu.bind(device.unit, index, device.id, target(interrupt, *apic));
        bound.map_err(|error| device.failed("binding", error))
    }

    /// Takes an interrupt from the device.
    pub fn unbind(&mut self, index: u16) -> Result<(), Status> {
        self.device.interrupt(index)?;
        let unbound = self.iommu.unbind(self.device.unit, index, self.device.id);
        unbound.map_err(|error| self.device.failed("unbinding", error))
    }

    /// Stops everything of the device, and has it tried in silence.
    pub fn quarantine(&mut self) -> Result<(), Status> {
        let Self { device, iommu, .. } = self;
        device.state = State::Quarantined;
        let done = iommu.quarantine(device.unit, device.id, true);
        done.map_err(|error| device.failed("quarantining", error))
    }
}

/// What an interrupt becomes.
pub fn target(interrupt: &Interrupt, destination: ApicId) -> Target {
    Target::Remapped {
        vector: Vector(interrupt.vector),
        destination,
        level: interrupt.level != 0,
    }
}

fn rights(grant: &Grant) -> Rights {
    match grant.rights.get() {
        READ => Rights::Read,
        WRITE => Rights::Write,
        _ => Rights::ReadWrite,
    }
}
