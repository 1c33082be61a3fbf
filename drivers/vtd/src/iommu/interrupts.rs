// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts: which device may raise what through which entry.

use mmio::Mmio;

use crate::descriptor::Descriptor;
use crate::iommu::Iommu;
use crate::irte::Irte;
use crate::{Bdf, Error, Memory, Result, Target};

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Has all units remap interrupts, if [`Config`](crate::Config) had them not do it from the
    /// start: only those with an entry pass from here on. What was bound before passes without a
    /// gap.
    ///
    /// # Errors
    ///
    /// The index of the unit that failed, and why: [`Error::Missing`], [`Error::Stuck`], or those
    /// of an invalidation.
    pub fn remap_interrupts(&mut self) -> core::result::Result<(), (usize, Error)> {
        for (index, unit) in self.units.iter_mut().enumerate() {
            unit.remap_interrupts(&mut self.memory)
                .map_err(|error| (index, error))?;
        }
        Ok(())
    }

    /// Lets `source` raise `target` with interrupt `index` of `unit`.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::Bound`], [`Error::InterruptTarget`], [`Error::NoPosting`]:
    /// nothing was changed. Those of an invalidation: the entry is bound, and
    /// [`unbind`](Self::unbind) takes it back.
    pub fn bind(&mut self, unit: usize, index: u16, source: Bdf, target: Target) -> Result<()> {
        let entry = self.entry(unit, source, target)?;
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        engine.interrupts.bind(&mut self.memory, index, entry)?;
        if engine.capabilities().cm() {
            engine.invalidate(&mut self.memory, &[Descriptor::interrupt(index)])
        } else {
            engine.publish()
        }
    }

    /// Makes interrupt `index` of `source` raise another target. When this returns `Ok`, the old
    /// one is not raised any more. With memory that cannot write 128 bits at once, an interrupt
    /// that comes in between is lost and recorded as a fault; else none is.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind), [`Error::NotBound`], [`Error::Blocked`]: nothing was changed.
    /// Those of an invalidation: hardware may still raise the old target.
    pub fn rebind(&mut self, unit: usize, index: u16, source: Bdf, target: Target) -> Result<()> {
        let entry = self.entry(unit, source, target)?;
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        let invalidation = [Descriptor::interrupt(index)];
        if engine.interrupts.exchange(&mut self.memory, index, entry)? {
            return engine.invalidate(&mut self.memory, &invalidation);
        }
        engine.interrupts.block(&mut self.memory, index, false)?;
        engine.invalidate(&mut self.memory, &invalidation)?;
        engine.interrupts.restore(&mut self.memory, index, entry)?;
        engine.publish()
    }

    /// Takes interrupt `index` from `source`. When this returns `Ok`, the entry is free and
    /// nothing of it is cached.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::NotBound`], [`Error::Bound`] to another source: nothing was
    /// changed. Those of an invalidation: the entry stays its owner's, blocked in the table.
    pub fn unbind(&mut self, unit: usize, index: u16, source: Bdf) -> Result<()> {
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        match engine.interrupts.owner(&self.memory, index) {
            None => return Err(Error::NotBound(index)),
            Some(owner) if owner != source => return Err(Error::Bound(index, owner)),
            Some(_) => {}
        }
        engine.interrupts.block(&mut self.memory, index, false)?;
        engine.invalidate(&mut self.memory, &[Descriptor::interrupt(index)])?;
        engine.interrupts.clear(&mut self.memory, index)?;
        engine.publish()
    }

    /// The source that may use interrupt `index` of `unit`.
    pub fn interrupt_owner(&self, unit: usize, index: u16) -> Option<Bdf> {
        self.units.get(unit)?.interrupts.owner(&self.memory, index)
    }

    /// The number of interrupt entries that are bound, on all units.
    pub fn interrupts_bound(&self) -> usize {
        self.units
            .iter()
            .map(|unit| unit.interrupts.bound(&self.memory))
            .sum()
    }

    fn entry(&self, unit: usize, source: Bdf, target: Target) -> Result<Irte> {
        let engine = self.units.get(unit).ok_or(Error::NoSuch)?;
        let posted = matches!(target, Target::Posted { .. });
        if posted && !engine.capabilities().pi() {
            return Err(Error::NoPosting);
        }
        Irte::new(source, target, self.config.apic)
    }
}
