// SPDX-License-Identifier: BSD-2-Clause
//! Root and context tables in legacy mode (§9.1, §9.3): which domain a requester is in. What is
//! not written here is blocked. Tables are created per bus and stay.

use crate::memory::{Entry, Tables};
use crate::paging::Table;
use crate::{Bdf, DomainId, Error, Hpa, Result};

const ADDRESS: u64 = !0xfff;

/// High word: address width (1 for 39 bits and 3 levels, 2 for 48 bits and 4 levels), and domain.
const DOMAIN: u32 = 8;

/// The tables of one unit.
#[derive(Debug)]
pub struct Contexts {
    /// What RTADDR_REG takes: legacy mode (§11.4.5).
    pub root: Hpa,
}

impl Contexts {
    /// Tables that block every device.
    pub fn new(tables: &mut Tables) -> Result<Self> {
        let root = tables.allocate(1)?;
        Ok(Self { root })
    }

    fn root_slot(&self, device: Bdf) -> Hpa {
        self.root.add(u64::from(device.bus()) * Entry::BYTES)
    }

    /// The context entry of `device`, if its bus has a table.
    fn slot(&self, tables: &Tables, device: Bdf) -> Option<Hpa> {
        let root = tables.entry(self.root_slot(device));
        let table = Hpa(root.low & ADDRESS);
        let slot = table.add(u64::from(device.devfn()) * Entry::BYTES);
        root.is_present().then_some(slot)
    }

    fn slot_or_new(&self, tables: &mut Tables, device: Bdf) -> Result<Hpa> {
        if self.slot(tables, device).is_none() {
            let low = tables.allocate(1)?.0 | Entry::PRESENT;
            tables.set_entry(self.root_slot(device), Entry { low, high: 0 });
        }
        self.slot(tables, device).ok_or(Error::OutOfMemory)
    }

    /// The domain that `device` belongs to.
    pub fn domain(&self, tables: &Tables, device: Bdf) -> Option<DomainId> {
        let entry = tables.entry(self.slot(tables, device)?);
        // Id 0 is never a domain's, so a high word of a domain is never 0.
        (entry.high != 0).then_some(DomainId((entry.high >> DOMAIN) as u16))
    }

    /// Puts a device that is in no domain into one, whose topmost page table is `table`.
    ///
    /// # Errors
    ///
    /// [`Error::Attached`], [`Error::OutOfMemory`].
    pub fn attach(
        &self,
        tables: &mut Tables,
        device: Bdf,
        domain: DomainId,
        table: Table,
    ) -> Result<()> {
        if let Some(owner) = self.domain(tables, device) {
            return Err(Error::Attached(device, owner));
        }
        let slot = self.slot_or_new(tables, device)?;
        let high = u64::from(table.level.saturating_sub(2)) | u64::from(domain.0) << DOMAIN;
        // T = 00: requests without a process id are translated, all others are blocked.
        let low = table.at.0 | Entry::PRESENT;
        tables.set_entry(slot, Entry { low, high });
        Ok(())
    }

    /// Blocks a device; with `silent` its faults are not reported either. It stays in its domain.
    /// Hardware may use the old entry until it is invalidated.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if its bus has no table yet and `silent` must be kept.
    pub fn block(&self, tables: &mut Tables, device: Bdf, silent: bool) -> Result<()> {
        if !silent && self.slot(tables, device).is_none() {
            return Ok(());
        }
        let slot = self.slot_or_new(tables, device)?;
        let entry = tables.entry(slot).blocked(silent);
        tables.set_entry(slot, entry);
        Ok(())
    }

    /// Takes a blocked and invalidated device out of its domain.
    pub fn detach(&self, tables: &mut Tables, device: Bdf) {
        if let Some(slot) = self.slot(tables, device) {
            tables.set_entry(slot, Entry::EMPTY);
        }
    }
}
