// SPDX-License-Identifier: BSD-2-Clause
//! The interrupt-remapping table (§5.1.3) as software writes it. Each change of an entry is one
//! access; what hardware has cached of an entry is the caller's to invalidate.

use crate::irte;
use crate::memory::{Entry, Tables};
use crate::{Bdf, Error, Hpa, PAGE_BYTES, Result};

/// The table of one unit.
#[derive(Debug)]
pub struct InterruptTable {
    base: Hpa,
    order: u8,
    /// One more than the highest index that was ever bound: what a scan has to look at.
    scan_end: u32,
}

impl InterruptTable {
    /// A table of `1 << order` entries, nothing present. `order` is brought into 8..=16: 256
    /// entries fill a page, 65,536 is the most that hardware takes.
    pub fn new(tables: &mut Tables, order: u8) -> Result<Self> {
        let order = order.clamp(8, 16);
        let base = tables.allocate(((Entry::BYTES << order) / PAGE_BYTES) as usize)?;
        Ok(Self {
            base,
            order,
            scan_end: 0,
        })
    }

    /// What IRTA_REG takes but for its EIME bit (§11.4.10.1).
    pub fn address_register(&self) -> u64 {
        self.base.0 | u64::from(self.order - 1)
    }

    fn slot(&self, index: u16) -> Result<Hpa> {
        let slot = self.base.add(u64::from(index) * Entry::BYTES);
        let inside = u32::from(index) >> self.order == 0;
        inside.then_some(slot).ok_or(Error::NoSuch)
    }

    /// The source that an entry belongs to.
    pub fn owner(&self, tables: &Tables, index: u16) -> Option<Bdf> {
        irte::source(tables.entry(self.slot(index).ok()?))
    }

    /// Writes what `new` makes of an entry that belongs to `owner`, or to nobody. Hardware may use
    /// the old one until it is invalidated.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`] beyond the table, [`Error::NotBound`], [`Error::Bound`] to somebody else,
    /// or that of `new`: nothing was changed.
    pub fn change(
        &mut self,
        tables: &mut Tables,
        index: u16,
        owner: Option<Bdf>,
        new: impl FnOnce(Entry) -> Result<Entry>,
    ) -> Result<()> {
        let slot = self.slot(index)?;
        let old = tables.entry(slot);
        match irte::source(old) {
            found if found == owner => {}
            Some(other) => return Err(Error::Bound(index, other)),
            None => return Err(Error::NotBound(index)),
        }
        tables.set_entry(slot, new(old)?);
        self.scan_end = self.scan_end.max(u32::from(index) + 1);
        Ok(())
    }

    /// Makes all entries of `source` not present. Hardware may use them until they are invalidated.
    pub fn block_all(&self, tables: &mut Tables, source: Bdf, silent: bool) {
        for slot in self.slots() {
            let entry = tables.entry(slot);
            if irte::source(entry) == Some(source) {
                tables.set_entry(slot, entry.blocked(silent));
            }
        }
    }

    /// The number of entries that are bound for sources like this.
    pub fn bound(&self, tables: &Tables, counts: impl Fn(Bdf) -> bool) -> usize {
        let owners = self
            .slots()
            .filter_map(|slot| irte::source(tables.entry(slot)));
        owners.filter(|&owner| counts(owner)).count()
    }

    /// The entries that may be bound.
    fn slots(&self) -> impl Iterator<Item = Hpa> + use<> {
        let base = self.base;
        (0..self.scan_end).map(move |index| base.add(u64::from(index) * Entry::BYTES))
    }
}
