// SPDX-License-Identifier: BSD-2-Clause
//! DMA: where a device is to get, and whether it gets there.

use alloc::collections::BTreeMap;

use mmio::Mmio;
use vtd::{Access, Iova, Memory, Request, Rights};

use super::{Grant, Shadow, Slot};
use crate::{Dma, Done, Hardware, Outcome};

impl<R: Mmio, M: Memory, H: Hardware> Shadow<R, M, H> {
    /// The domain of a device.
    fn slot_of(&self, unit: usize, device: usize) -> Option<&Slot> {
        self.slots[self.devices[unit][device].slot?].as_ref()
    }

    /// An address near a grant of the device, or where one was last, or any without one.
    pub(super) fn aim(
        &self,
        unit: usize,
        device: usize,
        grant: usize,
        offset: u64,
        from_end: bool,
    ) -> u64 {
        let slot = self.slot_of(unit, device);
        if let Some(at) = slot
            .and_then(|slot| slot.revoked)
            .filter(|_| grant.is_multiple_of(4))
        {
            return at + (offset & 0xff8);
        }
        let near = slot
            .filter(|slot| !slot.grants.is_empty())
            .and_then(|slot| slot.grants.iter().nth(grant % slot.grants.len()));
        let at = match near {
            // One that is larger than the landing place is worth nothing elsewhere.
            Some((&start, grant)) if self.covers(grant) => start + self.within(grant, offset),
            Some((&start, grant)) if from_end => {
                (start + grant.bytes).wrapping_sub(8 + offset % 0x4000)
            }
            Some((&start, _)) => start.wrapping_add(offset),
            None => offset,
        };
        at & !7 & ((1 << 50) - 1)
    }

    fn covers(&self, grant: &Grant) -> bool {
        self.plan.landing.as_ref().is_some_and(|landing| {
            grant.host < landing.start && landing.end < grant.host + grant.bytes
        })
    }

    /// How far inside a grant that covers the landing place an address of that place is.
    fn within(&self, grant: &Grant, offset: u64) -> u64 {
        let landing = self
            .plan
            .landing
            .clone()
            .unwrap_or(grant.host..grant.host + 8);
        landing.start + offset % (landing.end - landing.start) - grant.host
    }

    /// An address that the device may write to.
    fn writable(&self, unit: usize, device: usize) -> Option<u64> {
        if self.devices[unit][device].blocked {
            return None;
        }
        let grants = &self.slot_of(unit, device)?.grants;
        grants.iter().find_map(|(&start, grant)| {
            let at = if self.covers(grant) {
                start + self.within(grant, 0)
            } else {
                start
            };
            let host = grant.host + (at - start);
            (grant.rights != Rights::Read && self.plan.lands(host)).then_some(at)
        })
    }

    /// A transfer. After a read another device cannot see what arrived, so that the device writes
    /// it somewhere, if it may.
    pub(super) fn dma(&mut self, unit: usize, device: usize, at: u64, write: bool) -> Done {
        self.transfer(unit, device, at, write)?;
        match self.writable(unit, device) {
            Some(to) if !write => self.transfer(unit, device, to, true),
            _ => Ok(()),
        }
    }

    fn transfer(&mut self, unit: usize, device: usize, at: u64, write: bool) -> Done {
        let state = self.devices[unit][device];
        let bdf = self.bdf(device);
        if in_interrupt_range(at, at + 8) {
            return Ok(());
        }
        let expected: Outcome<u64> = match self.slot_of(unit, device).filter(|_| !state.blocked) {
            None if self.buses.contains(&(unit, bdf.bus())) => Err(2),
            None => Err(1),
            Some(slot) if at >> slot.domain.address_bits() != 0 => Err(4),
            Some(slot) => translate(&slot.grants, at, write),
        };
        if expected.is_ok_and(|host| !self.plan.lands(host)) {
            return Ok(());
        }
        self.digest.add(at << 1 | u64::from(write));
        self.digest.add(expected.unwrap_or(0));
        let grants = self.slot_of(unit, device).map(|slot| &slot.grants);
        let granted = grants.is_some_and(|grants| {
            translate(grants, at, false).is_ok() || translate(grants, at, true).is_ok()
        });
        let dma = Dma {
            unit,
            device: bdf,
            at,
            write,
            granted: granted && !state.blocked,
        };
        self.hardware.dma(dma, expected)?;
        let access = if write { Access::Write } else { Access::Read };
        let request = Request::Dma(Iova(at & !0xfff), access);
        self.expect_fault(unit, device, expected, state.silent, request)
    }
}

pub(super) fn in_interrupt_range(start: u64, end: u64) -> bool {
    start < 0xfef0_0000 && 0xfee0_0000 < end
}

fn translate(grants: &BTreeMap<u64, Grant>, at: u64, write: bool) -> Outcome<u64> {
    let refused = if write { 5 } else { 6 };
    let (&start, grant) = grants.range(..=at).next_back().ok_or(refused)?;
    let allowed = if write {
        grant.rights != Rights::Read
    } else {
        grant.rights != Rights::Write
    };
    if at - start < grant.bytes && allowed {
        Ok(grant.host + (at - start))
    } else {
        Err(refused)
    }
}
