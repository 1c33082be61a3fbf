// SPDX-License-Identifier: BSD-2-Clause
//! The simple map: what has been granted, and so what must happen.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vtd::{
    Access, ApicId, Bdf, Delivery, Domain, Error, Fault, Hpa, Iova, Message, Reason, Request,
    Rights, Target, Vector,
};
use vtd_model::{Board, Interrupt, Options, QueueFault};

use crate::common::Driver;
use crate::operations::{DEVICES, Operation, Raise, SLOTS};

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

    fn create(&mut self, slot: usize, bits: u8) -> Done {
        if self.slots[slot].is_none() {
            let all = |test: fn(&Options) -> bool| self.options.iter().all(test);
            let three = bits <= 39 && all(|unit| unit.three_levels);
            let possible = three || all(|unit| unit.four_levels);
            match self.driver.create_domain(bits) {
                Ok(domain) => {
                    prop_assert!(possible);
                    self.slots[slot] = Some(Slot {
                        domain,
                        grants: BTreeMap::new(),
                    });
                }
                Err(error) => prop_assert!(!possible, "{error}"),
            }
        }
        Ok(())
    }

    fn destroy(&mut self, slot: usize) -> Done {
        let Some(Slot { domain, grants }) = self.slots[slot].take() else {
            return Ok(());
        };
        let used = self
            .devices
            .iter()
            .flatten()
            .any(|device| device.slot == Some(slot));
        match self.driver.destroy_domain(domain) {
            Ok(()) => prop_assert!(!used, "a domain went with its devices"),
            Err((domain, error)) => {
                prop_assert!(used, "{error}");
                self.slots[slot] = Some(Slot { domain, grants });
            }
        }
        Ok(())
    }

    fn map(&mut self, slot: usize, at: u64, host: u64, bytes: u64, rights: Rights) -> Done {
        let Some(Slot { domain, grants }) = &mut self.slots[slot] else {
            return Ok(());
        };
        // A gigabyte of small pages would need half the board.
        let bytes = if self.options.iter().all(|unit| unit.mega) {
            bytes
        } else {
            bytes.min(0x40_3000)
        };
        let host = if bytes == 1 << 30 {
            host & !0x1f_ffff | at & 0x1f_ffff
        } else {
            host
        };
        let end = at + bytes;
        let fits = end <= 1 << domain.address_bits() && !in_interrupt_range(at, end);
        let host_fits = host + bytes <= HOST_END && !in_interrupt_range(host, host + bytes);
        let overlap = grants
            .range(..end)
            .next_back()
            .is_some_and(|(&start, grant)| at < start + grant.bytes);
        let result = self.driver.map(domain, Iova(at), Hpa(host), bytes, rights);
        match result {
            Ok(()) => {
                prop_assert!(fits && host_fits && !overlap);
                grants.insert(
                    at,
                    Grant {
                        host,
                        bytes,
                        rights,
                    },
                );
            }
            Err(Error::IovaRange(_)) => prop_assert!(!fits),
            Err(Error::HpaRange(_)) => prop_assert!(!host_fits),
            Err(Error::Overlap(_)) => prop_assert!(overlap),
            Err(error) => prop_assert!(error == Error::OutOfMemory, "{}", error),
        }
        Ok(())
    }

    fn unmap(&mut self, slot: usize, grant: usize) -> Done {
        let Some(Slot { domain, grants }) = &mut self.slots[slot] else {
            return Ok(());
        };
        let Some((&at, &Grant { bytes, .. })) = grants.iter().nth(grant % grants.len().max(1))
        else {
            return Ok(());
        };
        grants.remove(&at);
        let result = self.driver.unmap(domain, Iova(at), bytes);
        prop_assert_eq!(result, Ok(()));
        Ok(())
    }

    fn unmap_range(&mut self, slot: usize, at: u64, bytes: u64) -> Done {
        let Some(Slot { domain, grants }) = &mut self.slots[slot] else {
            return Ok(());
        };
        let end = at + bytes;
        match self.driver.unmap(domain, Iova(at), bytes) {
            Ok(()) => {
                for (start, grant) in std::mem::take(grants) {
                    let last = start + grant.bytes;
                    if start < at {
                        let bytes = grant.bytes.min(at - start);
                        grants.insert(start, Grant { bytes, ..grant });
                    }
                    if last > end {
                        let first = start.max(end);
                        let host = grant.host + (first - start);
                        grants.insert(
                            first,
                            Grant {
                                host,
                                bytes: last - first,
                                ..grant
                            },
                        );
                    }
                }
            }
            Err(Error::SplitsPage(edge)) => {
                let whole = grants
                    .iter()
                    .any(|(&start, grant)| start < edge.0 && edge.0 < start + grant.bytes);
                prop_assert!(whole, "no grant is cut at {edge}");
            }
            Err(error) => {
                let fits = end <= 1 << domain.address_bits() && !in_interrupt_range(at, end);
                prop_assert!(!fits, "{}", error);
            }
        }
        Ok(())
    }

    fn attach(&mut self, unit: usize, device: usize, slot: usize) -> Done {
        let Some(Slot { domain, .. }) = &mut self.slots[slot] else {
            return Ok(());
        };
        let state = &mut self.devices[unit][device];
        let result = self.driver.attach(unit, Bdf(BDFS[device]), domain);
        if state.slot.is_some() {
            prop_assert!(matches!(result, Err(Error::Attached(..))), "{result:?}");
        } else {
            prop_assert_eq!(result, Ok(()));
            *state = Device {
                slot: Some(slot),
                blocked: false,
                silent: false,
            };
            self.buses[unit][usize::from(BDFS[device] >> 8)] = true;
        }
        Ok(())
    }

    fn detach(&mut self, unit: usize, device: usize) -> Done {
        let state = &mut self.devices[unit][device];
        let Some(slot) = state.slot else {
            return Ok(());
        };
        for (other, entry) in self.slots.iter_mut().enumerate() {
            let Some(Slot { domain, .. }) = entry else {
                continue;
            };
            if other != slot {
                let result = self.driver.detach(unit, Bdf(BDFS[device]), domain);
                prop_assert_eq!(result, Err(Error::NotAttached(Bdf(BDFS[device]))));
            }
        }
        if let Some(Slot { domain, .. }) = &mut self.slots[slot] {
            prop_assert_eq!(self.driver.detach(unit, Bdf(BDFS[device]), domain), Ok(()));
            *state = Device::default();
        }
        Ok(())
    }

    fn quarantine(&mut self, unit: usize, device: usize, silent: bool) -> Done {
        let result = self.driver.quarantine(unit, Bdf(BDFS[device]), silent);
        prop_assert_eq!(result, Ok(()));
        let state = &mut self.devices[unit][device];
        (state.blocked, state.silent) = (true, silent);
        self.buses[unit][usize::from(BDFS[device] >> 8)] |= silent;
        for ((of, _), bound) in &mut self.bound {
            if *of == unit && bound.device == device {
                (bound.blocked, bound.silent) = (true, silent);
            }
        }
        Ok(())
    }

    /// The target that is asked for, and whether it is possible.
    fn target(&self, unit: usize, raise: Raise) -> (Target, Option<Error>) {
        let Raise {
            posted,
            vector,
            destination,
        } = raise;
        let possible = vector >= 16 && (posted || destination != u32::MAX);
        let error = match possible {
            _ if posted && !self.options[unit].posting => Some(Error::NoPosting),
            true => None,
            false => Some(Error::InterruptTarget),
        };
        let vector = Vector(vector);
        let target = if posted {
            Target::Posted {
                vector,
                descriptor: Hpa(self.descriptor),
                urgent: destination & 1 != 0,
            }
        } else {
            let destination = ApicId(destination);
            Target::Remapped {
                vector,
                destination,
                level: false,
                delivery: Delivery::Fixed,
            }
        };
        (target, error)
    }

    fn bind(&mut self, unit: usize, index: u16, device: usize, raise: Raise) -> Done {
        let (target, impossible) = self.target(unit, raise);
        let expected = match (impossible, self.bound.get(&(unit, index))) {
            (Some(error), _) => Err(error),
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            (None, Some(bound)) => Err(Error::Bound(index, Bdf(BDFS[bound.device]))),
            (None, None) => Ok(()),
        };
        prop_assert_eq!(
            self.driver.bind(unit, index, Bdf(BDFS[device]), target),
            expected
        );
        if expected.is_ok() {
            let bound = Bound {
                device,
                target,
                blocked: false,
                silent: false,
            };
            self.bound.insert((unit, index), bound);
        }
        Ok(())
    }

    fn rebind(&mut self, unit: usize, index: u16, device: usize, raise: Raise) -> Done {
        let (target, impossible) = self.target(unit, raise);
        let expected = match (impossible, self.bound.get_mut(&(unit, index))) {
            (Some(error), _) => Err(error),
            _ if u32::from(index) >= INTERRUPTS => Err(Error::NoSuch),
            (None, None) => Err(Error::NotBound(index)),
            (None, Some(bound)) if bound.device != device => {
                Err(Error::Bound(index, Bdf(BDFS[bound.device])))
            }
            (None, Some(bound)) if bound.blocked => Err(Error::Blocked(index)),
            (None, Some(bound)) => {
                bound.target = target;
                Ok(())
            }
        };
        prop_assert_eq!(
            self.driver.rebind(unit, index, Bdf(BDFS[device]), target),
            expected
        );
        Ok(())
    }

    fn unbind(&mut self, unit: usize, index: u16, device: usize) -> Done {
        let expected = match self.bound.get(&(unit, index)) {
            None => Err(Error::NotBound(index)),
            Some(bound) if bound.device != device => {
                Err(Error::Bound(index, Bdf(BDFS[bound.device])))
            }
            Some(_) => Ok(()),
        };
        prop_assert_eq!(self.driver.unbind(unit, index, Bdf(BDFS[device])), expected);
        if expected.is_ok() {
            self.bound.remove(&(unit, index));
        }
        Ok(())
    }

    fn dma(
        &mut self,
        unit: usize,
        device: usize,
        grant: usize,
        offset: u64,
        from_end: bool,
        write: bool,
    ) -> Done {
        let state = self.devices[unit][device];
        let slot = state.slot.and_then(|slot| self.slots[slot].as_ref());
        let near = slot
            .filter(|slot| !slot.grants.is_empty())
            .and_then(|slot| slot.grants.iter().nth(grant % slot.grants.len()));
        let at = match near {
            Some((&start, grant)) if from_end => {
                (start + grant.bytes).wrapping_sub(8 + offset % 0x4000)
            }
            Some((&start, _)) => start.wrapping_add(offset),
            None => offset,
        };
        let at = at & !7 & ((1 << 50) - 1);
        if in_interrupt_range(at, at + 1) {
            return Ok(());
        }
        let expected = match slot.filter(|_| !state.blocked) {
            None => Err(if self.buses[unit][usize::from(BDFS[device] >> 8)] {
                2
            } else {
                1
            }),
            Some(slot) if at >> slot.domain.address_bits() != 0 => Err(4),
            Some(slot) => translate(&slot.grants, at, write),
        };
        prop_assert_eq!(
            self.board.dma(unit, BDFS[device], at, write),
            expected,
            "DMA to {:#x}",
            at
        );
        let access = if write { Access::Write } else { Access::Read };
        let request = Request::Dma(Iova(at & !0xfff), access);
        self.expect_fault(
            unit,
            device,
            expected.err().filter(|_| !state.silent),
            request,
        )
    }

    fn message(&mut self, unit: usize, device: usize, index: u16, subhandle: Option<u16>) -> Done {
        let message = if subhandle.is_some() {
            Message::block(index)
        } else {
            Message::single(index)
        };
        let data = subhandle.map_or(message.data, u32::from);
        let real = u32::from(index) + u32::from(subhandle.unwrap_or(0));
        let entry = self
            .bound
            .get(&(unit, real as u16))
            .filter(|_| real < INTERRUPTS);
        let happened = self
            .board
            .message(unit, BDFS[device], message.address, data);
        let reason = match entry {
            None if real >= INTERRUPTS => Some(0x21),
            None => Some(0x22),
            Some(bound) if bound.blocked => Some(0x22),
            Some(bound) if bound.device != device => Some(0x26),
            Some(_) => None,
        };
        let silent = entry.is_some_and(|bound| bound.silent);
        match (reason, entry.map(|bound| bound.target)) {
            (
                None,
                Some(Target::Remapped {
                    vector,
                    destination,
                    ..
                }),
            ) => {
                let (vector, destination) = (vector.0, destination.0);
                let raised = Interrupt::Remapped {
                    vector,
                    destination,
                    level: false,
                    delivery: 0,
                };
                prop_assert_eq!(happened, raised);
            }
            (None, Some(Target::Posted { vector: wanted, .. })) => {
                let Interrupt::Posted {
                    descriptor, vector, ..
                } = happened
                else {
                    return Err(TestCaseError::fail(format!("{happened:?}")));
                };
                prop_assert_eq!((descriptor, vector), (self.descriptor, wanted.0));
                let word = self.board.read(descriptor + u64::from(vector / 64) * 8);
                prop_assert!(word >> (vector % 64) & 1 != 0);
                self.board.write(descriptor + 32, 0);
                self.board.write_back(descriptor, 64);
            }
            (reason, _) => prop_assert_eq!(Some(happened), reason.map(Interrupt::Stopped)),
        }
        let request = Request::Interrupt(real as u16);
        self.expect_fault(unit, device, reason.filter(|_| !silent), request)
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

fn in_interrupt_range(start: u64, end: u64) -> bool {
    start < 0xfef0_0000 && 0xfee0_0000 < end
}

fn translate(grants: &BTreeMap<u64, Grant>, at: u64, write: bool) -> Result<u64, u8> {
    let refused = if write { 5 } else { 6 };
    let (&start, grant) = grants.range(..=at).next_back().ok_or(refused)?;
    let allowed = if write {
        grant.rights.writes()
    } else {
        grant.rights.reads()
    };
    if at - start < grant.bytes && allowed {
        Ok(grant.host + (at - start))
    } else {
        Err(refused)
    }
}
