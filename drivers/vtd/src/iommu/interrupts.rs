// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts: which device may raise what through which entry.

use mmio::Mmio;

use crate::descriptor::Descriptor;
use crate::iommu::Iommu;
use crate::memory::Entry;
use crate::{Bdf, Capabilities, Error, Memory, Result, Target, irte};

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Has all units remap interrupts: only those with an entry pass from here on. What was bound
    /// before passes without a gap.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] (the unit was not touched), [`Error::Stuck`], or those of an
    /// invalidation.
    pub fn remap_interrupts(&mut self) -> Result<()> {
        let mut units = self.units.iter_mut();
        units.try_for_each(|unit| unit.remap_interrupts(&mut self.tables))
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
        let (tables, interrupts) = (&mut self.tables, &mut engine.interrupts);
        interrupts.change(tables, index, None, |_| Ok(entry))?;
        engine.announce(tables, &[Descriptor::interrupt(index)])
    }

    /// Makes interrupt `index` of `source` raise another target. When this returns `Ok`, the old
    /// one is not raised any more. No interrupt that comes in between is lost.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind), [`Error::NotBound`], [`Error::Blocked`]: nothing was changed.
    /// Those of an invalidation: hardware may still raise the old target.
    pub fn rebind(&mut self, unit: usize, index: u16, source: Bdf, target: Target) -> Result<()> {
        let entry = self.entry(unit, source, target)?;
        self.change(unit, index, source, |old| {
            old.is_present()
                .then_some(entry)
                .ok_or(Error::Blocked(index))
        })
    }

    /// Takes interrupt `index` from `source`. When this returns `Ok`, the entry is free and
    /// nothing of it is cached.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuch`], [`Error::NotBound`], [`Error::Bound`] to another source: nothing was
    /// changed. Those of an invalidation: the entry stays its owner's, blocked in the table.
    pub fn unbind(&mut self, unit: usize, index: u16, source: Bdf) -> Result<()> {
        self.change(unit, index, source, |old| Ok(old.blocked(false)))?;
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        let (tables, interrupts) = (&mut self.tables, &mut engine.interrupts);
        interrupts.change(tables, index, Some(source), |_| Ok(Entry::EMPTY))?;
        engine.publish()
    }

    /// The source that may use interrupt `index` of `unit`.
    pub fn interrupt_owner(&self, unit: usize, index: u16) -> Option<Bdf> {
        self.units.get(unit)?.interrupts.owner(&self.tables, index)
    }

    /// The number of interrupt entries, on all units, that are bound for sources like this.
    pub fn interrupts_bound(&self, counts: impl Fn(Bdf) -> bool) -> usize {
        let units = self.units.iter();
        let bound = units.map(|unit| unit.interrupts.bound(&self.tables, &counts));
        bound.sum()
    }

    /// Changes an entry of `source`, and has hardware forget what it was.
    fn change(
        &mut self,
        unit: usize,
        index: u16,
        source: Bdf,
        new: impl FnOnce(Entry) -> Result<Entry>,
    ) -> Result<()> {
        let engine = self.units.get_mut(unit).ok_or(Error::NoSuch)?;
        let (tables, interrupts) = (&mut self.tables, &mut engine.interrupts);
        interrupts.change(tables, index, Some(source), new)?;
        engine.invalidate(tables, &[Descriptor::interrupt(index)])
    }

    fn entry(&self, unit: usize, source: Bdf, target: Target) -> Result<Entry> {
        let unit = self.units.get(unit).ok_or(Error::NoSuch)?;
        let posts = unit.capabilities().has(Capabilities::PI);
        match target {
            Target::Posted { .. } if !posts => Err(Error::NoPosting),
            _ => irte::entry(source, target, unit.config.extended_interrupts),
        }
    }
}
