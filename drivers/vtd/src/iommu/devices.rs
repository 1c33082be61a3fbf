// SPDX-License-Identifier: BSD-2-Clause
//! Devices: which domain each is in, and how one that misbehaves is cut off.

use mmio::Mmio;

use crate::descriptor::Descriptor;
use crate::iommu::{Domain, Iommu};
use crate::{Bdf, Capabilities, DomainId, Error, Memory, Result};

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Puts `device`, which is behind the unit of `domain`, into it.
    ///
    /// # Errors
    ///
    /// [`Error::Attached`], [`Error::OutOfMemory`]: nothing was changed. Those of an invalidation:
    /// the device belongs to the domain, blocked, until [`detach`](Self::detach) succeeds.
    pub fn attach(&mut self, device: Bdf, domain: &mut Domain) -> Result<()> {
        self.settle(domain)?;
        let engine = self.units.get_mut(domain.unit).ok_or(Error::NoSuch)?;
        let (tables, root) = (&mut self.tables, domain.tree.root);
        engine.contexts.attach(tables, device, domain.id, root)?;
        domain.devices += 1;
        let batch = invalidation(engine.capabilities(), domain.id, device);
        engine.announce(tables, &batch).inspect_err(|_| {
            let _ = engine.contexts.block(tables, device, false);
        })
    }

    /// Takes `device` out of `domain`. When this returns `Ok`, all its DMA is blocked and none is
    /// under way.
    ///
    /// # Errors
    ///
    /// [`Error::NotAttached`], or those of an invalidation: the device still
    /// belongs to the domain, blocked in the tables.
    pub fn detach(&mut self, device: Bdf, domain: &mut Domain) -> Result<()> {
        let engine = self.units.get_mut(domain.unit).ok_or(Error::NoSuch)?;
        if engine.contexts.domain(&self.tables, device) != Some(domain.id) {
            return Err(Error::NotAttached(device));
        }
        engine.contexts.block(&mut self.tables, device, false)?;
        let batch = invalidation(engine.capabilities(), domain.id, device);
        engine.invalidate(&mut self.tables, &batch)?;
        engine.contexts.detach(&mut self.tables, device);
        domain.devices -= 1;
        engine.publish()
    }

    /// The domain that a device is in.
    pub fn domain_of(&self, unit: usize, device: Bdf) -> Option<DomainId> {
        self.units.get(unit)?.contexts.domain(&self.tables, device)
    }

    /// Blocks all DMA and all interrupts of a device; it keeps its domain and its interrupt
    /// entries until they are taken from it. With `silent`, what it tries is not recorded, so
    /// that it cannot keep anybody busy with faults; only interrupts with an index beyond the
    /// table or without an entry of its own still are.
    ///
    /// A device comes back by [`detach`](Self::detach) and [`unbind`](Self::unbind), and then
    /// attaching and binding it anew. One that is in no domain has its faults recorded again
    /// after a call without `silent`.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::OutOfMemory`], or those of an invalidation: the tables block
    /// the device already, but hardware may still use what it has cached.
    pub fn quarantine(&mut self, unit: usize, device: Bdf, silent: bool) -> Result<()> {
        let domain = self.domain_of(unit, device).unwrap_or(DomainId(0));
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        engine.contexts.block(&mut self.tables, device, silent)?;
        engine
            .interrupts
            .block_all(&mut self.tables, device, silent);
        let [absent, entry, translations] = invalidation(engine.capabilities(), domain, device);
        let interrupts = Descriptor::interrupts_global();
        engine.invalidate(&mut self.tables, &[absent, entry, translations, interrupts])
    }
}

/// What has to go when the context entry of a device changes: first the entry (one that is not
/// present may be cached too, with domain id 0, §6.1), then the translations of `domain` that it
/// led to (§6.5.3).
fn invalidation(capabilities: Capabilities, domain: DomainId, device: Bdf) -> [Descriptor; 3] {
    [
        Descriptor::context_device(DomainId(0), device),
        Descriptor::context_device(domain, device),
        Descriptor::iotlb_domain(domain, capabilities),
    ]
}
