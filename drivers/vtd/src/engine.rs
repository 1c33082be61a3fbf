// SPDX-License-Identifier: BSD-2-Clause
//! A unit at work: tables set, translation and interrupt remapping on, everything blocked that
//! was not allowed. [`Engine`] owns the hardware side of one unit and carries out its
//! invalidations; which device gets which memory is decided above, in [`Iommu`](crate::Iommu).

use mmio::Mmio;

use crate::command::{Switch, Trigger, flush_write_buffer, set_switch, trigger};
use crate::descriptor::Descriptor;
use crate::fault_log::FaultLog;
use crate::interrupt_table::InterruptTable;
use crate::queue::Queue;
use crate::registers::{Reg64, Registers};
use crate::root::RootTable;
use crate::takeover::{self, Leftovers};
use crate::{ApicMode, Capabilities, Error, Fault, Memory, Missing, QueueCounters, Result, Unit};

/// How a unit is to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// What the processors' local APICs run in.
    pub apic: ApicMode,
    /// Remap interrupts from the start. Else they stay as firmware left them until
    /// [`Iommu::remap_interrupts`](crate::Iommu::remap_interrupts).
    pub remap_interrupts: bool,
    /// Interrupt entries, as a power of two from 8 to 16.
    pub interrupt_order: u8,
    /// Pages of the invalidation queue, as a power of two from 0 to 7.
    pub queue_order: u8,
    /// Bits of a host-physical address, from the DMAR table.
    pub host_bits: u8,
    /// How often a status is read before the hardware counts as stuck.
    pub polls: u32,
}

impl Default for Config {
    fn default() -> Self {
        let apic = ApicMode::X2Apic;
        Self {
            apic,
            remap_interrupts: true,
            interrupt_order: 12,
            queue_order: 0,
            host_bits: 46,
            polls: 10_000_000,
        }
    }
}

/// One unit at work.
#[derive(Debug)]
pub struct Engine<R> {
    unit: Unit<R>,
    config: Config,
    pub(crate) root: RootTable,
    pub(crate) interrupts: InterruptTable,
    queue: Queue,
    faults: FaultLog,
    leftovers: Leftovers,
}

impl<R: Mmio> Engine<R> {
    /// Takes a unit over from firmware, in whatever state it is, and blocks all DMA and, with
    /// [`Config::remap_interrupts`], all interrupts through it. There is no moment at which more passes than firmware let pass:
    /// translation that was on stays on, and protected memory is released only when it is. (The
    /// exception is [`Leftovers::other_mode`].)
    ///
    /// # Errors
    ///
    /// [`Error::Missing`] (nothing was written), [`Error::OutOfMemory`], [`Error::Stuck`], or
    /// those of the invalidation queue: the unit then stays as far as it got, which is never more open
    /// than before.
    pub fn take_over<M: Memory>(mut unit: Unit<R>, memory: &mut M, config: Config) -> Result<Self> {
        check(&unit, config.apic, config.remap_interrupts)?;
        let (cap, ecap) = (unit.capabilities(), unit.extended_capabilities());
        let root = RootTable::new(memory, ecap.c())?;
        let interrupts = InterruptTable::new(memory, config.interrupt_order, ecap.c())?;
        let queue = Queue::new(memory, config.queue_order, config.polls)?;
        let faults = FaultLog::new(cap);
        let leftovers = Leftovers::of(&mut unit);
        let mut engine = Self {
            unit,
            config,
            root,
            interrupts,
            queue,
            faults,
            leftovers,
        };
        engine.start(memory)?;
        if config.remap_interrupts {
            engine.remap_interrupts(memory)?;
        }
        Ok(engine)
    }

    fn start<M: Memory>(&mut self, memory: &mut M) -> Result<()> {
        let polls = self.config.polls;
        let cap = self.unit.capabilities();
        takeover::quiesce(&mut self.unit, &self.leftovers, polls)?;
        let registers = self.unit.registers();
        self.faults.discard(registers);

        registers.set64(Reg64::Iqt, 0);
        registers.set64(Reg64::Iqa, self.queue.address_register());
        set_switch(registers, Switch::QueuedInvalidation, true, polls)?;

        flush_write_buffer(registers, cap, polls)?;
        registers.set64(Reg64::Rtaddr, self.root.address_register());
        trigger(registers, Trigger::RootTable, polls)?;
        // §6.6: what was cached of firmware's tables goes before the new ones count.
        let batch = [Descriptor::context_global(), Descriptor::iotlb_global(cap)];
        self.queue.run(registers, memory, &batch)?;
        set_switch(registers, Switch::Translation, true, polls)?;
        takeover::release_protected_memory(&mut self.unit, polls)
    }

    /// From here on, only interrupts with an entry of their own pass.
    pub(crate) fn remap_interrupts<M: Memory>(&mut self, memory: &mut M) -> Result<()> {
        let polls = self.config.polls;
        check(&self.unit, self.config.apic, true)?;
        let registers = self.unit.registers();
        let extended = u64::from(self.config.apic == ApicMode::X2Apic) << 11;
        registers.set64(Reg64::Irta, self.interrupts.address_register() | extended);
        trigger(registers, Trigger::InterruptTable, polls)?;
        // §6.7. Units with CAP.ESIRTPS have done this already; asking again does no harm.
        self.queue
            .run(registers, memory, &[Descriptor::interrupts_global()])?;
        set_switch(registers, Switch::CompatibilityInterrupts, false, polls)?;
        set_switch(registers, Switch::InterruptRemapping, true, polls)
    }

    /// What the unit can do.
    pub fn unit(&self) -> &Unit<R> {
        &self.unit
    }

    /// How it is run.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The number of interrupt entries.
    pub fn interrupt_entries(&self) -> u32 {
        self.interrupts.entries()
    }

    /// What firmware left.
    pub fn leftovers(&self) -> &Leftovers {
        &self.leftovers
    }

    /// What the invalidation queue has been through.
    pub fn queue_counters(&self) -> QueueCounters {
        self.queue.counters()
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.unit.capabilities()
    }

    /// Carries out a batch of invalidations, after what hardware needs to see the tables.
    ///
    /// # Errors
    ///
    /// Those of the queue.
    pub(crate) fn invalidate<M: Memory>(
        &mut self,
        memory: &mut M,
        batch: &[Descriptor],
    ) -> Result<()> {
        self.publish()?;
        self.queue.run(self.unit.registers(), memory, batch)
    }

    /// Makes table changes take effect that need no invalidation (§6.8).
    pub(crate) fn publish(&mut self) -> Result<()> {
        let cap = self.unit.capabilities();
        flush_write_buffer(self.unit.registers(), cap, self.config.polls)
    }

    /// The oldest recorded fault, which is then forgotten.
    pub fn take_fault(&mut self) -> Option<Fault> {
        self.faults.take(self.unit.registers())
    }

    /// Whether faults were dropped since the last call.
    pub fn take_overflow(&mut self) -> bool {
        self.faults.take_overflow(self.unit.registers())
    }

    /// Makes faults raise an interrupt: the message is not remapped itself
    /// (§5.1.6), so `address` and `data` are in compatibility format, in x2APIC mode with the
    /// upper 24 bits of the destination in bits 63:40 of the address.
    pub fn enable_fault_event(&mut self, address: u64, data: u32) {
        self.faults
            .enable_event(self.unit.registers(), address, data);
    }

    /// Holds the fault interrupt back (`true`) or lets it come again.
    pub fn mask_fault_event(&mut self, masked: bool) {
        if masked {
            self.faults.mask_event(self.unit.registers());
        } else {
            self.faults.unmask_event(self.unit.registers());
        }
    }
}

/// The needs of this driver; those of a system's grants are [`Needs`](crate::Needs).
fn check<R: Mmio>(unit: &Unit<R>, apic: ApicMode, remap_interrupts: bool) -> Result<()> {
    let needs = crate::Needs {
        max_domain: 0,
        address_end: 0,
        x2apic: apic == ApicMode::X2Apic,
    };
    let concerns_interrupts = |what: &Missing| {
        matches!(
            what,
            Missing::InterruptRemapping | Missing::ExtendedInterruptMode
        )
    };
    let mut missing = needs.missing(unit);
    let first = missing.find(|what| remap_interrupts || !concerns_interrupts(what));
    first.map_or(Ok(()), |what| Err(Error::Missing(what)))
}
