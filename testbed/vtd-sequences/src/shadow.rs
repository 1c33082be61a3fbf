// SPDX-License-Identifier: BSD-2-Clause
//! The simple map: what has been granted, and so what must happen.

mod dma;
mod grants;
mod interrupts;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use mmio::Mmio;
use vtd::{Bdf, Domain, Fault, Iommu, Memory, Request, Rights, Target};

use crate::operation::SLOTS;
use crate::{Abilities, Digest, Done, Hardware, Operation, Outcome, Plan, Tally, same};

/// Entries of a unit's interrupt table.
const INTERRUPTS: u32 = 1 << Plan::INTERRUPT_ORDER;

#[derive(Clone, Copy, Debug)]
struct Grant {
    host: u64,
    bytes: u64,
    rights: Rights,
}

#[derive(Debug)]
struct Slot {
    /// The unit that the domain is of.
    unit: usize,
    domain: Domain,
    grants: BTreeMap<u64, Grant>,
    /// Where something was taken away last.
    revoked: Option<u64>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Device {
    slot: Option<usize>,
    blocked: bool,
    silent: bool,
}

#[derive(Clone, Copy, Debug)]
struct Bound {
    device: usize,
    target: Target,
    blocked: bool,
    silent: bool,
}

/// The map, beside the driver and the hardware that it speaks of.
#[derive(Debug)]
pub struct Shadow<R, M, H> {
    plan: Plan,
    driver: Iommu<R, M>,
    hardware: H,
    abilities: Vec<Abilities>,
    slots: [Option<Slot>; SLOTS],
    devices: Vec<Vec<Device>>,
    bound: BTreeMap<(usize, u16), Bound>,
    /// Buses that have a context table, with their unit.
    buses: BTreeSet<(usize, u8)>,
    digest: Digest,
    tally: Tally,
}

/// What is left of a sequence.
#[derive(Debug)]
pub struct Ended<R, M, H> {
    /// The driver, which has given everything away that it was given.
    pub driver: Iommu<R, M>,
    /// The hardware.
    pub hardware: H,
    /// The context tables that the driver keeps, a page each.
    pub context_tables: usize,
    /// What happened.
    pub digest: Digest,
    /// How often.
    pub tally: Tally,
}

impl<R: Mmio, M: Memory, H: Hardware> Shadow<R, M, H> {
    /// The map of a driver that has taken the hardware over and granted nothing.
    pub fn new(plan: Plan, driver: Iommu<R, M>, hardware: H, abilities: &[Abilities]) -> Self {
        let devices = vec![vec![Device::default(); plan.devices.len()]; plan.units];
        Self {
            plan,
            driver,
            hardware,
            abilities: abilities.to_vec(),
            slots: [const { None }; SLOTS],
            devices,
            bound: BTreeMap::new(),
            buses: BTreeSet::new(),
            digest: Digest::default(),
            tally: Tally::default(),
        }
    }

    /// Carries an operation out and compares what comes of it.
    ///
    /// # Errors
    ///
    /// The difference.
    pub fn apply(&mut self, operation: &Operation) -> Done {
        self.carry_out(*operation)?;
        self.hardware.look()
    }

    fn carry_out(&mut self, operation: Operation) -> Done {
        let (units, devices) = (self.plan.units, self.plan.devices.len());
        match operation {
            Operation::Create { slot, bits } => self.create(slot, bits),
            Operation::Destroy { slot } => self.destroy(slot),
            Operation::Map {
                slot,
                at,
                host,
                bytes,
                rights,
            } => self.map(slot, at, host, bytes, rights),
            Operation::Unmap { slot, grant } => self.unmap(slot, grant),
            Operation::UnmapRange { slot, at, bytes } => self.unmap_range(slot, at, bytes),
            Operation::Attach { device, slot } => self.attach(device % devices, slot),
            Operation::Detach { unit, device } => self.detach(unit % units, device % devices),
            Operation::Quarantine {
                unit,
                device,
                silent,
            } => self.quarantine(unit % units, device % devices, silent),
            Operation::Bind {
                unit,
                index,
                device,
                target,
            } => self.bind(unit % units, index, device % devices, target),
            Operation::Rebind {
                unit,
                index,
                device,
                target,
            } => self.rebind(unit % units, index, device % devices, target),
            Operation::Unbind {
                unit,
                index,
                device,
            } => self.unbind(unit % units, index, device % devices),
            Operation::Dma {
                unit,
                device,
                grant,
                offset,
                from_end,
                write,
            } => {
                let (unit, device) = (unit % units, device % devices);
                let at = self.aim(unit, device, grant, offset, from_end);
                self.dma(unit, device, at, write)
            }
            Operation::Message {
                unit,
                device,
                index,
                subhandle,
            } => self.message(unit % units, device % devices, index, subhandle),
            Operation::Trouble {
                unit,
                after,
                timeout,
            } => {
                self.hardware.trouble(unit % units, after, timeout);
                Ok(())
            }
        }
    }

    fn bdf(&self, device: usize) -> Bdf {
        self.plan.devices[device]
    }

    /// The driver finds the fault of this request, or none.
    fn expect_fault<T>(
        &mut self,
        unit: usize,
        device: usize,
        outcome: Outcome<T>,
        silent: bool,
        request: Request,
    ) -> Done {
        self.digest
            .add(outcome.as_ref().err().copied().map_or(0, u64::from));
        self.tally.add(request, outcome.as_ref().err().copied());
        let expected = outcome.err().filter(|_| !silent).map(|reason| Fault {
            source: self.bdf(device),
            request,
            reason,
        });
        let found = self.driver.take_fault();
        if let Some((of, _)) = found {
            same!(of, unit, "the unit with the record of {expected:?}");
        }
        let found = found.map(|(_, fault)| fault);
        if !self.hardware.agrees(expected, found) {
            same!(found, expected, "the record");
        }
        same!(self.driver.take_fault(), None, "a second record");
        Ok(())
    }

    /// Takes everything away.
    ///
    /// # Errors
    ///
    /// What cannot be.
    pub fn end(mut self) -> Result<Ended<R, M, H>, alloc::string::String> {
        for unit in 0..self.devices.len() {
            for device in 0..self.plan.devices.len() {
                self.detach(unit, device)?;
            }
        }
        for slot in 0..SLOTS {
            self.destroy(slot)?;
        }
        for ((unit, index), bound) in core::mem::take(&mut self.bound) {
            let result = self.driver.unbind(unit, index, self.bdf(bound.device));
            same!(result, Ok(()), "freeing interrupt {index}");
        }
        let left = (
            self.driver.domains(),
            self.driver.interrupts_bound(|_| true),
        );
        same!(left, (0, 0), "domains and interrupts left");
        self.hardware.look()?;
        Ok(Ended {
            driver: self.driver,
            hardware: self.hardware,
            context_tables: self.buses.len(),
            digest: self.digest,
            tally: self.tally,
        })
    }
}
