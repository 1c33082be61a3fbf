// SPDX-License-Identifier: BSD-2-Clause
//! Domains, grants, devices and their DMA.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vtd::{Access, Bdf, Error, Hpa, Iova, Request, Rights};
use vtd_model::Options;

use super::{BDFS, Device, Done, Grant, HOST_END, Shadow, Slot};

impl Shadow {
    pub(super) fn create(&mut self, slot: usize, bits: u8) -> Done {
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

    pub(super) fn destroy(&mut self, slot: usize) -> Done {
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

    pub(super) fn map(
        &mut self,
        slot: usize,
        at: u64,
        host: u64,
        bytes: u64,
        rights: Rights,
    ) -> Done {
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

    pub(super) fn unmap(&mut self, slot: usize, grant: usize) -> Done {
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

    pub(super) fn unmap_range(&mut self, slot: usize, at: u64, bytes: u64) -> Done {
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

    pub(super) fn attach(&mut self, unit: usize, device: usize, slot: usize) -> Done {
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

    pub(super) fn detach(&mut self, unit: usize, device: usize) -> Done {
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

    pub(super) fn quarantine(&mut self, unit: usize, device: usize, silent: bool) -> Done {
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

    pub(super) fn dma(
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
