// SPDX-License-Identifier: BSD-2-Clause
//! Domains, grants, and the devices in them.

use alloc::collections::BTreeMap;

use mmio::Mmio;
use vtd::{Error, Hpa, Iova, Memory, Rights};

use super::dma::in_interrupt_range;
use super::{Device, Grant, Shadow, Slot};
use crate::{Done, Hardware, ensure, same};

const HOST_END: u64 = 1 << 46;

impl<R: Mmio, M: Memory, H: Hardware> Shadow<R, M, H> {
    pub(super) fn create(&mut self, slot: usize, bits: u8) -> Done {
        if self.slots[slot].is_none() {
            let unit = slot % self.plan.units;
            let can = self.abilities[unit];
            let possible = bits <= 39 && can.three_levels || can.four_levels;
            match self.driver.create_domain(unit, bits) {
                Ok(domain) => {
                    ensure!(possible, "a domain of {bits} bits that cannot be");
                    self.slots[slot] = Some(Slot {
                        unit,
                        domain,
                        grants: BTreeMap::new(),
                        revoked: None,
                    });
                }
                Err(error) => ensure!(!possible, "{error}"),
            }
        }
        Ok(())
    }

    pub(super) fn destroy(&mut self, slot: usize) -> Done {
        let Some(before) = self.slots[slot].take() else {
            return Ok(());
        };
        let used = self
            .devices
            .iter()
            .flatten()
            .any(|device| device.slot == Some(slot));
        let mut place = Some(before.domain);
        let result = self.driver.destroy_domain(&mut place);
        same!(result.is_ok(), !used, "a domain in use: {used}, {result:?}");
        self.slots[slot] = place.map(|domain| Slot { domain, ..before });
        Ok(())
    }

    pub(super) fn map(
        &mut self,
        slot: usize,
        at: u64,
        host: u64,
        bytes: u64,
        rights: Rights,
    ) -> Done {
        let Some(Slot { domain, grants, .. }) = &mut self.slots[slot] else {
            return Ok(());
        };
        // A gigabyte of small pages would need half the memory for tables.
        let bytes = if self.abilities.iter().all(|can| can.mega) {
            bytes
        } else {
            bytes.min(0x40_3000)
        };
        let host = self.plan.host(at, host, bytes);
        let end = at + bytes;
        let fits = end <= 1 << domain.address_bits() && !in_interrupt_range(at, end);
        let host_fits = host + bytes <= HOST_END && !in_interrupt_range(host, host + bytes);
        let overlap = grants
            .range(..end)
            .next_back()
            .is_some_and(|(&start, grant)| at < start + grant.bytes);
        match self.driver.map(domain, Iova(at), Hpa(host), bytes, rights) {
            Ok(()) => {
                let possible = fits && host_fits && !overlap;
                ensure!(possible, "{at:#x} is mapped to {host:#x}, which cannot be");
                let grant = Grant {
                    host,
                    bytes,
                    rights,
                };
                grants.insert(at, grant);
            }
            Err(Error::IovaRange(_)) => ensure!(!fits, "{at:#x} does not fit, but it does"),
            Err(Error::HpaRange(_)) => ensure!(!host_fits, "{host:#x} does not fit, but it does"),
            Err(Error::Overlap(_)) => ensure!(overlap, "{at:#x} overlaps nothing"),
            Err(error) => same!(error, Error::OutOfMemory, "mapping {at:#x}"),
        }
        Ok(())
    }

    pub(super) fn unmap(&mut self, slot: usize, grant: usize) -> Done {
        let Some(Slot {
            domain,
            grants,
            revoked,
            ..
        }) = &mut self.slots[slot]
        else {
            return Ok(());
        };
        let Some((&at, &Grant { bytes, .. })) = grants.iter().nth(grant % grants.len().max(1))
        else {
            return Ok(());
        };
        grants.remove(&at);
        *revoked = Some(at);
        let result = self.driver.unmap(domain, Iova(at), bytes);
        same!(result, Ok(()), "revoking {at:#x}");
        Ok(())
    }

    pub(super) fn unmap_range(&mut self, slot: usize, at: u64, bytes: u64) -> Done {
        let Some(Slot {
            domain,
            grants,
            revoked,
            ..
        }) = &mut self.slots[slot]
        else {
            return Ok(());
        };
        let end = at + bytes;
        match self.driver.unmap(domain, Iova(at), bytes) {
            Ok(()) => {
                *grants = without(core::mem::take(grants), at, end);
                *revoked = Some(at);
            }
            Err(Error::SplitsPage(edge)) => {
                let whole = grants
                    .iter()
                    .any(|(&start, grant)| start < edge.0 && edge.0 < start + grant.bytes);
                ensure!(whole, "no grant is cut at {edge}");
            }
            Err(error) => {
                let fits = end <= 1 << domain.address_bits() && !in_interrupt_range(at, end);
                ensure!(!fits, "{error}");
            }
        }
        Ok(())
    }

    pub(super) fn attach(&mut self, device: usize, slot: usize) -> Done {
        let bdf = self.bdf(device);
        let Some(Slot { unit, domain, .. }) = &mut self.slots[slot] else {
            return Ok(());
        };
        let unit = *unit;
        let state = &mut self.devices[unit][device];
        let result = self.driver.attach(bdf, domain);
        if state.slot.is_some() {
            let refused = matches!(result, Err(Error::Attached(..)));
            ensure!(refused, "attached twice: {result:?}");
        } else {
            same!(result, Ok(()), "attaching");
            *state = Device {
                slot: Some(slot),
                blocked: false,
                silent: false,
            };
            self.buses.insert((unit, bdf.bus()));
        }
        Ok(())
    }

    pub(super) fn detach(&mut self, unit: usize, device: usize) -> Done {
        let bdf = self.bdf(device);
        let state = &mut self.devices[unit][device];
        let Some(slot) = state.slot else {
            return Ok(());
        };
        for (other, entry) in self.slots.iter_mut().enumerate() {
            let Some(Slot { domain, .. }) = entry.as_mut().filter(|slot| slot.unit == unit) else {
                continue;
            };
            let result = self.driver.detach(bdf, domain);
            if other == slot {
                same!(result, Ok(()), "detaching");
                *state = Device::default();
            } else {
                same!(result, Err(Error::NotAttached(bdf)), "detaching");
            }
        }
        Ok(())
    }

    pub(super) fn quarantine(&mut self, unit: usize, device: usize, silent: bool) -> Done {
        let bdf = self.bdf(device);
        let result = self.driver.quarantine(unit, bdf, silent);
        same!(result, Ok(()), "quarantine");
        let state = &mut self.devices[unit][device];
        (state.blocked, state.silent) = (true, silent);
        if silent {
            self.buses.insert((unit, bdf.bus()));
        }
        for ((of, _), bound) in &mut self.bound {
            if *of == unit && bound.device == device {
                (bound.blocked, bound.silent) = (true, silent);
            }
        }
        Ok(())
    }
}

/// What is left of grants without a range.
fn without(grants: BTreeMap<u64, Grant>, at: u64, end: u64) -> BTreeMap<u64, Grant> {
    let mut left = BTreeMap::new();
    for (start, grant) in grants {
        let last = start + grant.bytes;
        if start < at {
            let bytes = grant.bytes.min(at - start);
            left.insert(start, Grant { bytes, ..grant });
        }
        if last > end {
            let first = start.max(end);
            let rest = Grant {
                host: grant.host + (first - start),
                bytes: last - first,
                ..grant
            };
            left.insert(first, rest);
        }
    }
    left
}
