// SPDX-License-Identifier: BSD-2-Clause
//! The simple map: what has been granted, and so what must happen.

mod grants;
mod interrupts;

use std::collections::BTreeMap;

use proptest::prelude::*;
use vtd::{Bdf, Domain, Fault, Reason, Request, Rights, Target};
use vtd_model::{Board, Options, QueueFault};

use crate::common::Driver;
use crate::operations::{DEVICES, Operation, SLOTS};

/// Devices of each unit: on one bus and on another.
const BDFS: [u16; DEVICES] = [0x0098, 0x009a, 0x0100, 0x0207];
const INTERRUPTS: u32 = 256;
const HOST_END: u64 = 1 << 46;

type Done = Result<(), TestCaseError>;

#[derive(Clone, Copy, Debug)]
struct Grant {
    host: u64,
    bytes: u64,
    rights: Rights,
}

struct Slot {
    domain: Domain,
    grants: BTreeMap<u64, Grant>,
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

pub struct Shadow {
    board: Board,
    driver: Driver,
    options: Vec<Options>,
    slots: [Option<Slot>; SLOTS],
    devices: Vec<[Device; DEVICES]>,
    bound: BTreeMap<(usize, u16), Bound>,
    /// A descriptor that interrupts are posted to.
    descriptor: u64,
    /// Buses that got a context table, by unit.
    buses: Vec<[bool; 3]>,
}

impl Shadow {
    pub fn new(board: Board, driver: Driver, options: &[Options]) -> Self {
        let units = options.len();
        let descriptor = board.allocate(1).expect("there is memory");
        Self {
            board,
            driver,
            options: options.to_vec(),
            slots: [const { None }; SLOTS],
            devices: vec![[Device::default(); DEVICES]; units],
            bound: BTreeMap::new(),
            descriptor,
            buses: vec![[false; 3]; units],
        }
    }

    pub fn apply(&mut self, operation: &Operation) -> Done {
        match *operation {
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
            Operation::Attach { unit, device, slot } => self.attach(unit, device, slot),
            Operation::Detach { unit, device } => self.detach(unit, device),
            Operation::Quarantine {
                unit,
                device,
                silent,
            } => self.quarantine(unit, device, silent),
            Operation::Bind {
                unit,
                index,
                device,
                target,
            } => self.bind(unit, index, device, target),
            Operation::Rebind {
                unit,
                index,
                device,
                target,
            } => self.rebind(unit, index, device, target),
            Operation::Unbind {
                unit,
                index,
                device,
            } => self.unbind(unit, index, device),
            Operation::Dma {
                unit,
                device,
                grant,
                offset,
                from_end,
                write,
            } => self.dma(unit, device, grant, offset, from_end, write),
            Operation::Message {
                unit,
                device,
                index,
                subhandle,
            } => self.message(unit, device, index, subhandle),
            Operation::Trouble {
                unit,
                after,
                timeout,
            } => {
                self.trouble(unit, after, timeout);
                Ok(())
            }
        }
    }

    /// One trouble at a time: the driver repeats a batch only so often.
    fn trouble(&mut self, unit: usize, after: usize, timeout: bool) {
        if self.board.troubles(unit) == 0 {
            let fault = if timeout {
                QueueFault::Timeout
            } else {
                QueueFault::WrongCompletion
            };
            self.board.inject(unit, fault, after);
        }
    }

    /// The driver finds exactly this fault, or none.
    fn expect_fault(
        &mut self,
        unit: usize,
        device: usize,
        reason: Option<u8>,
        request: Request,
    ) -> Done {
        let expected = reason.map(|reason| {
            (
                unit,
                Fault {
                    source: Bdf(BDFS[device]),
                    request,
                    reason: Reason(reason),
                },
            )
        });
        prop_assert_eq!(self.driver.take_fault(), expected);
        prop_assert_eq!(self.driver.take_fault(), None);
        Ok(())
    }

    /// Takes everything away; the number of context tables that stay.
    pub fn end(&mut self) -> Result<usize, TestCaseError> {
        for unit in 0..self.devices.len() {
            for device in 0..DEVICES {
                self.detach(unit, device)?;
            }
        }
        for slot in 0..SLOTS {
            self.destroy(slot)?;
        }
        for ((unit, index), bound) in std::mem::take(&mut self.bound) {
            let result = self.driver.unbind(unit, index, Bdf(BDFS[bound.device]));
            prop_assert_eq!(result, Ok(()));
        }
        prop_assert_eq!(
            (self.driver.domains(), self.driver.interrupts_bound()),
            (0, 0)
        );
        self.board.free(self.descriptor, 1);
        Ok(self.buses.iter().flatten().filter(|used| **used).count())
    }
}
