// SPDX-License-Identifier: BSD-2-Clause
//! A unit at work: tables set, translation and interrupt remapping on, everything blocked that
//! was not allowed. [`Engine`] owns the hardware side of one unit and carries out its
//! invalidations; which device gets which memory is decided above, in [`Iommu`](crate::Iommu).

mod command;
mod faults;
mod queue;
mod takeover;

use mmio::{Mmio, Registers};

use crate::contexts::Contexts;
use crate::descriptor::Descriptor;
use crate::interrupt_table::InterruptTable;
use crate::memory::Tables;
use crate::paging::Format;
use crate::registers::{IQA, IQT, IRTA, RTADDR};
use crate::{
    ApicId, Capabilities, Error, ExtendedCapabilities, Missing, Needs, Result, Unit, Vector,
};
use queue::Queue;

pub use command::GlobalStatus;
pub use queue::QueueCounters;
pub use takeover::Leftovers;

/// How units are to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Interrupts name processors by 32 bits, for processors in x2APIC mode; interrupts in
    /// compatibility format are then blocked by definition (§5.1.4). Else by 8 bits.
    pub extended_interrupts: bool,
    /// Interrupt entries, as a power of two from 8 to 16.
    pub interrupt_order: u8,
    /// What faults raise, on which processor.
    pub fault_event: Option<(Vector, ApicId)>,
    /// Bits of a host-physical address, from the DMAR table.
    pub host_bits: u8,
    /// How often a status is read before the hardware counts as stuck.
    pub polls: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            extended_interrupts: true,
            interrupt_order: 12,
            fault_event: None,
            host_bits: 46,
            polls: 10_000_000,
        }
    }
}

/// One unit at work.
#[derive(Debug)]
pub struct Engine<R> {
    unit: Unit<R>,
    pub(crate) config: Config,
    /// What firmware left.
    pub leftovers: Leftovers,
    pub(crate) contexts: Contexts,
    pub(crate) interrupts: InterruptTable,
    queue: Queue,
    /// The fault record to look at first.
    next_record: usize,
}

impl<R: Mmio> Engine<R> {
    /// Takes a unit over from firmware, in whatever state it is, and blocks all DMA through it.
    /// There is no moment at which more passes than firmware let pass: translation that was on
    /// stays on, and protected memory is released only when it is. (The exception is
    /// [`Leftovers::other_mode`].) Interrupts stay as firmware left them until
    /// [`remap_interrupts`](Self::remap_interrupts).
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] (nothing was written), [`Error::OutOfMemory`], [`Error::Stuck`], or
    /// those of the invalidation queue: the unit then stays as far as it got, which is never more
    /// open than before.
    pub(crate) fn take_over(unit: Unit<R>, tables: &mut Tables, config: Config) -> Result<Self> {
        check(&unit, config, false)?;
        let mut engine = Self {
            leftovers: Leftovers::of(&unit),
            unit,
            config,
            contexts: Contexts::new(tables)?,
            interrupts: InterruptTable::new(tables, config.interrupt_order)?,
            queue: Queue::new(tables)?,
            next_record: 0,
        };
        engine.start(tables)?;
        Ok(engine)
    }

    fn start(&mut self, tables: &mut Tables) -> Result<()> {
        self.quiesce()?;
        self.discard_faults();
        if let Some((vector, processor)) = self.config.fault_event {
            self.enable_fault_event(vector, processor);
        }

        self.unit.registers.set(IQT, 0);
        // One page of descriptors of 128 bits (§11.4.9.4).
        self.unit.registers.set(IQA, self.queue.ring.0);
        self.command(GlobalStatus::QIES, true)?;

        self.publish()?;
        self.unit.registers.set(RTADDR, self.contexts.root.0);
        self.command(GlobalStatus::RTPS, true)?;
        // §6.6: what was cached of firmware's tables goes before the new ones count.
        let translations = Descriptor::iotlb_global(self.capabilities());
        self.invalidate(tables, &[Descriptor::context_global(), translations])?;
        self.command(GlobalStatus::TES, true)?;
        self.release_protected_memory()
    }

    /// From here on, only interrupts with an entry of their own pass.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] (nothing was written), [`Error::Stuck`], or those of the queue.
    pub(crate) fn remap_interrupts(&mut self, tables: &mut Tables) -> Result<()> {
        check(&self.unit, self.config, true)?;
        let extended = u64::from(self.config.extended_interrupts) << 11;
        let table = self.interrupts.address_register() | extended;
        self.unit.registers.set(IRTA, table);
        self.command(GlobalStatus::IRTPS, true)?;
        // §6.7. Units with CAP.ESIRTPS have done this already; asking again does no harm.
        self.invalidate(tables, &[Descriptor::interrupts_global()])?;
        self.command(GlobalStatus::CFIS, false)?;
        self.command(GlobalStatus::IRES, true)
    }

    /// What the unit can do.
    pub fn unit(&self) -> &Unit<R> {
        &self.unit
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.unit.capabilities()
    }

    /// Tables for device addresses of at least `address_bits` bits, as far as the unit goes.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] if it has no such tables.
    pub(crate) fn format(&self, address_bits: u8) -> Result<Format> {
        let cap = self.capabilities();
        let levels = match address_bits {
            ..=39 if cap.levels(3) => 3,
            _ if cap.levels(4) => 4,
            _ => return Err(Error::Missing(Missing::Levels)),
        };
        Ok(Format {
            levels,
            address_bits: cap.guest_address_bits().min(12 + 9 * levels),
            host_bits: self.config.host_bits.min(52),
            leaf_levels: (1..=3).take_while(|&level| cap.leaves(level)).count() as u8,
            snoop: self
                .unit
                .extended_capabilities()
                .has(ExtendedCapabilities::SC),
        })
    }

    /// Makes entries take effect that were not present before. Only units in caching mode have
    /// cached that they were not (§6.1); for those there is `batch`.
    pub(crate) fn announce(&mut self, tables: &mut Tables, batch: &[Descriptor]) -> Result<()> {
        if self.capabilities().has(Capabilities::CM) {
            self.invalidate(tables, batch)
        } else {
            self.publish()
        }
    }
}

/// Refuses a unit that lacks what this driver needs for DMA, or for interrupts; what a system's
/// grants need comes besides.
fn check<R: Mmio>(unit: &Unit<R>, config: Config, interrupts: bool) -> Result<()> {
    let needs = Needs {
        x2apic: config.extended_interrupts,
        ..Needs::default()
    };
    let mut missing = needs.missing(unit);
    let first = missing.find(|what| what.is_about_interrupts() == interrupts);
    first.map_or(Ok(()), |what| Err(Error::Missing(what)))
}
