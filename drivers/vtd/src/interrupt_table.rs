// SPDX-License-Identifier: BSD-2-Clause
//! The interrupt-remapping table (§5.1.3) as software writes it. An entry is 128 bits and
//! hardware must never see half of a change: a new entry gets its present bit last, a live one is
//! exchanged in one access or goes through not-present with an invalidation in between.
//!
//! An entry belongs to the source in its high word from [`bind`](InterruptTable::bind) to
//! [`clear`](InterruptTable::clear), also while it is blocked.

use crate::irte::Irte;
use crate::memory::Coherence;
use crate::{Bdf, Error, Hpa, Memory, PAGE_BYTES, Result};

const ENTRY_BYTES: u64 = 16;

/// The table of one unit.
#[derive(Debug)]
pub struct InterruptTable {
    base: Hpa,
    order: u8,
    coherence: Coherence,
    /// One more than the highest index that was ever bound: what a scan has to look at.
    scan_end: u32,
}

impl InterruptTable {
    /// A table of `1 << order` entries, nothing present. `order` is brought into 8..=16: 256
    /// entries fill a page, 65,536 is the most that hardware takes.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new<M: Memory>(memory: &mut M, order: u8, coherent: bool) -> Result<Self> {
        let order = order.clamp(8, 16);
        let pages = (ENTRY_BYTES << order) / PAGE_BYTES;
        let base = memory.allocate(pages as usize).ok_or(Error::OutOfMemory)?;
        Ok(Self {
            base,
            order,
            coherence: Coherence { coherent },
            scan_end: 0,
        })
    }

    /// The number of entries.
    pub fn entries(&self) -> u32 {
        1 << self.order
    }

    /// What IRTA_REG takes but for its EIME bit (§11.4.10.1).
    pub fn address_register(&self) -> u64 {
        self.base.0 | u64::from(self.order - 1)
    }

    fn slot(&self, index: u16) -> Result<Hpa> {
        if u32::from(index) >= self.entries() {
            return Err(Error::NoSuch);
        }
        Ok(self.base.add(u64::from(index) * ENTRY_BYTES))
    }

    /// The source that an entry belongs to.
    pub fn owner<M: Memory>(&self, memory: &M, index: u16) -> Option<Bdf> {
        let slot = self.slot(index).ok()?;
        Irte::source(memory.read64(slot.add(8)))
    }

    /// Makes a free entry present.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`] beyond the table, [`Error::Bound`].
    pub fn bind<M: Memory>(&mut self, memory: &mut M, index: u16, entry: Irte) -> Result<()> {
        let slot = self.slot(index)?;
        if let Some(owner) = self.owner(memory, index) {
            return Err(Error::Bound(index, owner));
        }
        self.scan_end = self.scan_end.max(u32::from(index) + 1);
        self.write_absent(memory, slot, entry);
        Ok(())
    }

    /// Writes an entry that is not present and of which hardware has nothing cached.
    fn write_absent<M: Memory>(&self, memory: &mut M, slot: Hpa, entry: Irte) {
        memory.write64(slot.add(8), entry.high);
        self.coherence.publish(memory, slot, ENTRY_BYTES);
        memory.write64(slot, entry.low);
        self.coherence.publish(memory, slot, ENTRY_BYTES);
    }

    /// Exchanges a bound entry for another of the same source in one access, if the memory can.
    /// Hardware may use the old one until it is invalidated. Returns whether it was done.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::NotBound`], [`Error::Bound`] to another source, or
    /// [`Error::Blocked`].
    pub fn exchange<M: Memory>(&self, memory: &mut M, index: u16, entry: Irte) -> Result<bool> {
        let slot = self.slot(index)?;
        let owner = self.owner(memory, index).ok_or(Error::NotBound(index))?;
        if Irte::source(entry.high) != Some(owner) {
            return Err(Error::Bound(index, owner));
        }
        if !Irte::present(memory.read64(slot)) {
            return Err(Error::Blocked(index));
        }
        let done = memory.write128(slot, entry.bits());
        if done {
            self.coherence.publish(memory, slot, ENTRY_BYTES);
        }
        Ok(done)
    }

    /// Makes a bound entry not present; it stays its owner's. With `silent` it reports no faults.
    /// Hardware may use it until it is invalidated.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::NotBound`].
    pub fn block<M: Memory>(&self, memory: &mut M, index: u16, silent: bool) -> Result<()> {
        let slot = self.slot(index)?;
        self.owner(memory, index).ok_or(Error::NotBound(index))?;
        memory.write64(slot, if silent { Irte::silenced() } else { 0 });
        self.coherence.publish(memory, slot, ENTRY_BYTES);
        Ok(())
    }

    /// Makes a blocked and invalidated entry present again, with new contents.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`].
    pub fn restore<M: Memory>(&self, memory: &mut M, index: u16, entry: Irte) -> Result<()> {
        let slot = self.slot(index)?;
        self.write_absent(memory, slot, entry);
        Ok(())
    }

    /// Frees a blocked and invalidated entry: it belongs to nobody and reports faults.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`].
    pub fn clear<M: Memory>(&self, memory: &mut M, index: u16) -> Result<()> {
        let slot = self.slot(index)?;
        memory.write64(slot, 0);
        memory.write64(slot.add(8), 0);
        self.coherence.publish(memory, slot, ENTRY_BYTES);
        Ok(())
    }

    /// The first bound entry of `source` whose index is at least `from`.
    pub fn of_source<M: Memory>(&self, memory: &M, source: Bdf, from: u32) -> Option<u16> {
        let mut indices = (from..self.scan_end).map(|index| index as u16);
        indices.find(|&index| self.owner(memory, index) == Some(source))
    }

    /// The number of bound entries.
    pub fn bound<M: Memory>(&self, memory: &M) -> usize {
        (0..self.scan_end)
            .filter(|&index| self.owner(memory, index as u16).is_some())
            .count()
    }
}
