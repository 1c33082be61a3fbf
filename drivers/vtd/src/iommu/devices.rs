// SPDX-License-Identifier: BSD-2-Clause
//! Devices: which domain each is in, and how one that misbehaves is cut off.

use heapless::Vec;
use mmio::Mmio;

use crate::descriptor::Descriptor;
use crate::iommu::{Domain, Iommu};
use crate::{Bdf, Capabilities, DomainId, Error, Memory, Result};

/// The most descriptors that a change of a context entry takes.
const INVALIDATION: usize = 3;

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Puts `device`, which is behind `unit`, into `domain`.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::Attached`], [`Error::OutOfMemory`]: nothing was changed. Those
    /// of an invalidation: the device belongs to the domain, blocked, until
    /// [`detach`](Self::detach) succeeds.
    pub fn attach(&mut self, unit: usize, device: Bdf, domain: &mut Domain) -> Result<()> {
        self.settle(domain)?;
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        let (table, levels) = (domain.tree.root(), domain.tree.format().levels);
        engine
            .root
            .attach(&mut self.memory, device, domain.id, table, levels)?;
        domain.units |= 1 << unit;
        domain.devices += 1;
        let done = if engine.capabilities().cm() {
            let batch = invalidation(engine.capabilities(), domain.id, device);
            engine.invalidate(&mut self.memory, &batch)
        } else {
            engine.publish()
        };
        done.inspect_err(|_| {
            let _ = engine.root.block(&mut self.memory, device, false);
        })
    }

    /// Takes `device` out of `domain`. When this returns `Ok`, all its DMA is blocked and none is
    /// under way.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::NotAttached`], or those of an invalidation: the device still
    /// belongs to the domain, blocked in the tables.
    pub fn detach(&mut self, unit: usize, device: Bdf, domain: &mut Domain) -> Result<()> {
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        if engine.root.domain(&self.memory, device) != Some(domain.id) {
            return Err(Error::NotAttached(device));
        }
        engine.root.block(&mut self.memory, device, false)?;
        let batch = invalidation(engine.capabilities(), domain.id, device);
        engine.invalidate(&mut self.memory, &batch)?;
        engine.root.detach(&mut self.memory, device);
        domain.devices -= 1;
        engine.publish()
    }

    /// The domain that a device is in.
    pub fn domain_of(&self, unit: usize, device: Bdf) -> Option<DomainId> {
        self.units.get(unit)?.root.domain(&self.memory, device)
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
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        let domain = engine
            .root
            .domain(&self.memory, device)
            .unwrap_or(DomainId(0));
        engine.root.block(&mut self.memory, device, silent)?;
        let mut batch: Vec<_, { INVALIDATION + 1 }> =
            invalidation(engine.capabilities(), domain, device)
                .into_iter()
                .collect();
        let mut next = 0;
        while let Some(index) = engine.interrupts.of_source(&self.memory, device, next) {
            engine.interrupts.block(&mut self.memory, index, silent)?;
            next = u32::from(index) + 1;
        }
        if next != 0 {
            // Cannot fail: there is room for one more.
            let _ = batch.push(Descriptor::interrupts_global());
        }
        engine.invalidate(&mut self.memory, &batch)
    }
}

/// What has to go when the context entry of a device changes: first the entry, then the
/// translations of `domain` that it led to (§6.5.3).
fn invalidation(
    capabilities: Capabilities,
    domain: DomainId,
    device: Bdf,
) -> Vec<Descriptor, INVALIDATION> {
    let mut batch = Vec::new();
    // Cannot fail: there is room for all three.
    let _ = batch.push(Descriptor::context_device(domain, device));
    if capabilities.cm() {
        // An entry that is not present is cached too, with domain id 0 (§6.1).
        let _ = batch.push(Descriptor::context_device(DomainId(0), device));
    }
    let _ = batch.push(Descriptor::iotlb_domain(domain, capabilities));
    batch
}
