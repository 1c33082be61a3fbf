// SPDX-License-Identifier: BSD-2-Clause
//! Domains: sets of devices behind one unit that see the same memory at the same addresses.

use mmio::Mmio;

use crate::descriptor::Descriptor;
use crate::iommu::Iommu;
use crate::paging::{IovaRange, Tree};
use crate::{DomainId, Error, Hpa, Iova, Memory, Result, Rights};

/// A domain. It must end in [`Iommu::destroy_domain`]; one that is dropped stays as it is.
#[derive(Debug)]
pub struct Domain {
    pub(super) id: DomainId,
    pub(super) tree: Tree,
    pub(super) unit: usize,
    pub(super) devices: u32,
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
        self.tree.format.address_bits
    }
}

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// An empty domain for devices behind `unit`, with device addresses of at least `address_bits`
    /// bits, as far as the unit goes: see [`Domain::address_bits`].
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::Missing`], [`Error::OutOfIds`], [`Error::OutOfMemory`].
    pub fn create_domain(&mut self, unit: usize, address_bits: u8) -> Result<Domain> {
        let engine = self.units.get(unit).ok_or(Error::NoSuch)?;
        let format = engine.format(address_bits)?;
        let id = (self.used_ids | 1).trailing_ones();
        if id >= engine.capabilities().domains().min(u128::BITS) {
            return Err(Error::OutOfIds);
        }
        let tree = Tree::new(format, &mut self.tables)?;
        self.used_ids |= 1 << id;
        Ok(Domain {
            id: DomainId(id as u16),
            unit,
            tree,
            devices: 0,
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
        let range = domain.tree.format.range(start, bytes)?;
        self.settle(domain)?;
        domain.tree.check(&self.tables, range, host)?;
        let (tree, tables) = (&domain.tree, &mut self.tables);
        let mapped = tree.map(tables, tree.root, range, host, rights);
        let announced = mapped.and_then(|()| self.announce(domain, range));
        if announced.is_err() {
            // The caller learns of the first failure; the domain remembers the second.
            let _ = self.revoke(domain, range);
        }
        announced
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
        let range = domain.tree.format.range(start, bytes)?;
        self.settle(domain)?;
        self.revoke(domain, range)
    }

    /// Ends a domain that no device is in, if there is one in its place, and frees its tables.
    ///
    /// # Errors
    ///
    /// [`Error::DomainInUse`] or those of an invalidation: the domain stays.
    pub fn destroy_domain(&mut self, place: &mut Option<Domain>) -> Result<()> {
        let Some(domain) = place else {
            return Ok(());
        };
        if domain.devices != 0 {
            return Err(Error::DomainInUse(domain.id));
        }
        self.flush(domain, None)?;
        domain.tree.remove(&mut self.tables, domain.tree.root);
        domain.tree.free_removed(&mut self.tables);
        self.used_ids &= !(1 << domain.id.0);
        *place = None;
        Ok(())
    }

    /// Makes good for an invalidation that failed before. Does nothing if none did.
    ///
    /// # Errors
    ///
    /// Those of an invalidation.
    pub fn settle(&mut self, domain: &mut Domain) -> Result<()> {
        if domain.unsettled {
            self.flush(domain, None)
        } else {
            Ok(())
        }
    }

    fn revoke(&mut self, domain: &mut Domain, range: IovaRange) -> Result<()> {
        domain.tree.unmap(&mut self.tables, range)?;
        self.flush(domain, Some(range))
    }

    /// Has hardware forget what it cached of a range, or of the whole domain; then removed tables
    /// are free.
    fn flush(&mut self, domain: &mut Domain, range: Option<IovaRange>) -> Result<()> {
        let engine = self.units.get_mut(domain.unit).ok_or(Error::NoSuch)?;
        let (id, cap) = (domain.id, engine.capabilities());
        let leaves_only = domain.tree.removed.is_none();
        let descriptor = match range {
            Some(range) => Descriptor::iotlb_range(id, cap, range, leaves_only),
            None => Descriptor::iotlb_domain(id, cap),
        };
        domain.unsettled = true;
        engine.invalidate(&mut self.tables, &[descriptor])?;
        domain.unsettled = false;
        domain.tree.free_removed(&mut self.tables);
        Ok(())
    }

    /// Tells hardware of new mappings.
    fn announce(&mut self, domain: &Domain, range: IovaRange) -> Result<()> {
        let engine = self.units.get_mut(domain.unit).ok_or(Error::NoSuch)?;
        let descriptor = Descriptor::iotlb_range(domain.id, engine.capabilities(), range, false);
        engine.announce(&mut self.tables, &[descriptor])
    }
}
