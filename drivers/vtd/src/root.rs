// SPDX-License-Identifier: BSD-2-Clause
//! Root and context tables in legacy mode (§9.1, §9.3): which domain a requester is in. What is
//! not written here is blocked.
//!
//! A context entry belongs to the domain in its high word from [`attach`](RootTable::attach) to
//! [`detach`](RootTable::detach), also while it is blocked. Tables are created per bus and stay.

use crate::memory::Coherence;
use crate::{Bdf, DomainId, Error, Hpa, Memory, Result};

const PRESENT: u64 = 1 << 0;
const FAULT_PROCESSING_DISABLE: u64 = 1 << 1;
const ADDRESS: u64 = !0xfff;
const ENTRY_BYTES: u64 = 16;

/// High word: address width (1 for 39 bits and 3 levels, 2 for 48 bits and 4 levels), and domain.
const DOMAIN: u32 = 8;

/// The tables of one unit.
#[derive(Debug)]
pub struct RootTable {
    base: Hpa,
    coherence: Coherence,
}

impl RootTable {
    /// Tables that block every device.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`].
    pub fn new<M: Memory>(memory: &mut M, coherent: bool) -> Result<Self> {
        let base = memory.allocate(1).ok_or(Error::OutOfMemory)?;
        Ok(Self {
            base,
            coherence: Coherence { coherent },
        })
    }

    /// What RTADDR_REG takes: legacy mode (§11.4.5).
    pub fn address_register(&self) -> u64 {
        self.base.0
    }

    /// The context entry of `device`, if its bus has a table.
    fn slot<M: Memory>(&self, memory: &M, device: Bdf) -> Option<Hpa> {
        let root = memory.read64(self.base.add(u64::from(device.bus()) * ENTRY_BYTES));
        (root & PRESENT != 0)
            .then(|| Hpa(root & ADDRESS).add(u64::from(device.devfn()) * ENTRY_BYTES))
    }

    fn slot_or_new<M: Memory>(&mut self, memory: &mut M, device: Bdf) -> Result<Hpa> {
        if let Some(slot) = self.slot(memory, device) {
            return Ok(slot);
        }
        let table = memory.allocate(1).ok_or(Error::OutOfMemory)?;
        let root = self.base.add(u64::from(device.bus()) * ENTRY_BYTES);
        memory.write64(root, table.0 | PRESENT);
        self.coherence.publish(memory, root, ENTRY_BYTES);
        Ok(table.add(u64::from(device.devfn()) * ENTRY_BYTES))
    }

    /// The domain that `device` belongs to.
    pub fn domain<M: Memory>(&self, memory: &M, device: Bdf) -> Option<DomainId> {
        let high = memory.read64(self.slot(memory, device)?.add(8));
        // Id 0 is never a domain's, so a high word of a domain is never 0.
        (high != 0).then_some(DomainId((high >> DOMAIN) as u16))
    }

    /// Puts a device that is in no domain into one.
    ///
    /// # Errors
    ///
    /// [`Error::Attached`], [`Error::OutOfMemory`].
    pub fn attach<M: Memory>(
        &mut self,
        memory: &mut M,
        device: Bdf,
        domain: DomainId,
        table: Hpa,
        levels: u8,
    ) -> Result<()> {
        if let Some(owner) = self.domain(memory, device) {
            return Err(Error::Attached(device, owner));
        }
        let slot = self.slot_or_new(memory, device)?;
        let high = u64::from(levels.saturating_sub(2)) | u64::from(domain.0) << DOMAIN;
        memory.write64(slot.add(8), high);
        self.coherence.publish(memory, slot, ENTRY_BYTES);
        // T = 00: requests without a process id are translated, all others are blocked.
        memory.write64(slot, table.0 | PRESENT);
        self.coherence.publish(memory, slot, ENTRY_BYTES);
        Ok(())
    }

    /// Blocks a device; with `silent` its faults are not reported either. It stays in its domain.
    /// Hardware may use the old entry until it is invalidated.
    ///
    /// # Errors
    ///
    /// [`Error::OutOfMemory`] if its bus has no table yet and a flag must be kept.
    pub fn block<M: Memory>(&mut self, memory: &mut M, device: Bdf, silent: bool) -> Result<()> {
        if !silent && self.slot(memory, device).is_none() {
            return Ok(());
        }
        let slot = self.slot_or_new(memory, device)?;
        memory.write64(slot, if silent { FAULT_PROCESSING_DISABLE } else { 0 });
        self.coherence.publish(memory, slot, ENTRY_BYTES);
        Ok(())
    }

    /// Takes a blocked and invalidated device out of its domain.
    pub fn detach<M: Memory>(&mut self, memory: &mut M, device: Bdf) {
        if let Some(slot) = self.slot(memory, device) {
            memory.write64(slot, 0);
            memory.write64(slot.add(8), 0);
            self.coherence.publish(memory, slot, ENTRY_BYTES);
        }
    }
}
