// SPDX-License-Identifier: BSD-2-Clause
//! Domains: sets of devices that see the same memory at the same addresses.

use mmio::Mmio;

use crate::descriptor::{Descriptor, RangeDescriptors, for_range};
use crate::iommu::Iommu;
use crate::paging::{Detached, IovaRange, Tree};
use crate::{DomainId, Error, Hpa, Iova, Memory, Result, Rights};

/// A domain. It must end in [`Iommu::destroy_domain`]; one that is dropped stays as it is.
#[derive(Debug)]
pub struct Domain {
    pub(super) id: DomainId,
    pub(super) tree: Tree,
    /// Units that may have something cached of it, one bit each.
    pub(super) units: u16,
    pub(super) devices: u32,
    /// Tables removed but not yet invalidated everywhere.
    detached: Detached,
    /// An invalidation failed: the whole domain has to be invalidated before anything else.
    unsettled: bool,
}

impl Domain {
    /// Its id.
    pub fn id(&self) -> DomainId {
        self.id
    }

    /// How many devices are in it.
    pub fn devices(&self) -> u32 {
        self.devices
    }

    /// The bits of a device address in it.
    pub fn address_bits(&self) -> u8 {
        self.tree.format().address_bits
    }
}

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// An empty domain for device addresses of at least `address_bits` bits, as far as the units
    /// go: see [`Domain::address_bits`].
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::OutOfIds`], [`Error::OutOfMemory`].
    pub fn create_domain(&mut self, address_bits: u8) -> Result<Domain> {
        let format = self.format(address_bits)?;
        let id = self.ids.take()?;
        let tree = Tree::new(format, &mut self.memory).inspect_err(|_| self.ids.give_back(id))?;
        let detached = Detached::default();
        Ok(Domain {
            id,
            tree,
            units: 0,
            devices: 0,
            detached,
            unsettled: false,
        })
    }

    /// Lets the devices of `domain` reach the `bytes` of memory from `host` at `start`. Needs no
    /// invalidation except in caching mode.
    ///
    /// # Errors
    ///
    /// Those of the arguments ([`Error::Unaligned`], [`Error::IovaRange`], [`Error::HpaRange`],
    /// [`Error::Overlap`]), [`Error::OutOfMemory`], and those of an invalidation. Nothing is
    /// mapped then.
    pub fn map(
        &mut self,
        domain: &mut Domain,
        start: Iova,
        host: Hpa,
        bytes: u64,
        rights: Rights,
    ) -> Result<()> {
        let range = domain.tree.format().range(start, bytes)?;
        self.settle(domain)?;
        let mapped = domain
            .tree
            .map(&mut self.memory, range, host, rights)
            .map_err(|error| (error, error == Error::OutOfMemory))
            .and_then(|()| self.announce(domain, range).map_err(|error| (error, true)));
        mapped.map_err(|(error, partly)| {
            if partly {
                // The caller learns of the first failure; the domain remembers the second.
                let _ = self.revoke(domain, range);
            }
            error
        })
    }

    /// Takes everything in the range away from the devices of `domain`. When this returns `Ok`,
    /// no access of theirs reaches the memory any more, and none is under way.
    ///
    /// # Errors
    ///
    /// [`Error::Unaligned`], [`Error::IovaRange`], [`Error::SplitsPage`]: nothing was changed.
    /// Those of an invalidation: the memory must not be reused before [`settle`](Self::settle)
    /// succeeded.
    pub fn unmap(&mut self, domain: &mut Domain, start: Iova, bytes: u64) -> Result<()> {
        let range = domain.tree.format().range(start, bytes)?;
        self.settle(domain)?;
        self.revoke(domain, range)
    }

    /// Where a device address of `domain` leads, from the tables.
    pub fn translate(&self, domain: &Domain, at: Iova) -> Option<(Hpa, Rights)> {
        domain.tree.translate(&self.memory, at)
    }

    /// Ends a domain that no device is in, and frees its tables.
    ///
    /// # Errors
    ///
    /// The domain, with [`Error::DomainInUse`] or the error of an invalidation.
    pub fn destroy_domain(
        &mut self,
        mut domain: Domain,
    ) -> core::result::Result<(), (Domain, Error)> {
        if domain.devices != 0 {
            let id = domain.id;
            return Err((domain, Error::DomainInUse(id)));
        }
        if let Err(error) = self.flush_domain(&mut domain) {
            return Err((domain, error));
        }
        domain.tree.detach(&mut self.memory, &mut domain.detached);
        domain.detached.free(&mut self.memory);
        self.ids.give_back(domain.id);
        Ok(())
    }

    /// Makes good for an invalidation that failed before. Does nothing if none did.
    ///
    /// # Errors
    ///
    /// Those of an invalidation.
    pub fn settle(&mut self, domain: &mut Domain) -> Result<()> {
        if domain.unsettled {
            self.flush_domain(domain)
        } else {
            Ok(())
        }
    }

    fn revoke(&mut self, domain: &mut Domain, range: IovaRange) -> Result<()> {
        domain
            .tree
            .unmap(&mut self.memory, range, &mut domain.detached)?;
        let leaves_only = domain.detached.is_empty();
        let id = domain.id;
        self.flush(domain, |cap| for_range(cap, id, range, leaves_only))
    }

    fn flush_domain(&mut self, domain: &mut Domain) -> Result<()> {
        let id = domain.id;
        self.flush(domain, |cap| {
            [Descriptor::iotlb_domain(id, cap)].into_iter().collect()
        })
    }

    /// One batch per unit that may have cached something of `domain`; then removed tables are
    /// free.
    fn flush(
        &mut self,
        domain: &mut Domain,
        batch: impl Fn(crate::Capabilities) -> RangeDescriptors,
    ) -> Result<()> {
        domain.unsettled = true;
        for (index, unit) in self.units.iter_mut().enumerate() {
            if domain.units >> index & 1 != 0 {
                let batch = batch(unit.capabilities());
                unit.invalidate(&mut self.memory, &batch)?;
            }
        }
        domain.unsettled = false;
        domain.detached.free(&mut self.memory);
        Ok(())
    }

    /// Tells the units of new mappings: those in caching mode have cached that there were none.
    fn announce(&mut self, domain: &Domain, range: IovaRange) -> Result<()> {
        for (index, unit) in self.units.iter_mut().enumerate() {
            if domain.units >> index & 1 == 0 {
                continue;
            }
            let cap = unit.capabilities();
            if cap.cm() {
                unit.invalidate(&mut self.memory, &for_range(cap, domain.id, range, false))?;
            } else {
                unit.publish()?;
            }
        }
        Ok(())
    }
}
