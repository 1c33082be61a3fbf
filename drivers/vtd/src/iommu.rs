// SPDX-License-Identifier: BSD-2-Clause
//! All units of a platform together: domains that devices are put into, memory that domains may
//! reach, interrupts that devices may raise. Whoever takes something away gets control back only
//! when hardware can no longer use it.

mod devices;
mod domains;
mod interrupts;

use heapless::Vec;
use mmio::Mmio;

use crate::memory::TableMemory;
use crate::{Config, Engine, Error, ExtendedCapabilities, Fault, Memory, Result, Unit};

pub use domains::Domain;

/// The most remapping units that one platform may have.
pub const MAX_UNITS: usize = 16;

/// The units, and the memory that all tables live in.
#[derive(Debug)]
pub struct Iommu<R, M> {
    tables: TableMemory<M>,
    units: Vec<Engine<R>, MAX_UNITS>,
    /// Domain ids in use on any unit, one bit each, so that there are 127 at most. Id 0 is never given out: units in caching mode tag what they
    /// cache of entries that are not present with it (§6.1), and an empty context entry would
    /// carry it.
    used_ids: u128,
}

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Takes over all units: no device reaches any memory from here on.
    ///
    /// # Errors
    ///
    /// [`Error::Missing`], [`Error::OutOfIds`] for too many units, [`Error::OutOfMemory`], [`Error::Stuck`], or those of an invalidation. No unit
    /// is more open than before.
    pub fn take_over(
        memory: M,
        units: impl IntoIterator<Item = Unit<R>>,
        config: Config,
    ) -> Result<Self> {
        // Until all units are known, everything is written back.
        let mut tables = TableMemory {
            coherent: false,
            memory,
        };
        let mut engines = Vec::<Engine<R>, MAX_UNITS>::new();
        for unit in units {
            let engine = Engine::take_over(unit, &mut tables, config)?;
            engines.push(engine).map_err(|_| Error::OutOfIds)?;
        }
        let mut ecaps = engines
            .iter()
            .map(|unit| unit.unit().extended_capabilities());
        tables.coherent = ecaps.all(|unit| unit.has(ExtendedCapabilities::C));
        Ok(Self {
            tables,
            units: engines,
            used_ids: 0,
        })
    }

    /// The units, in the order in which they were given.
    pub fn units(&self) -> &[Engine<R>] {
        &self.units
    }

    /// The units, for their faults.
    pub fn units_mut(&mut self) -> &mut [Engine<R>] {
        &mut self.units
    }

    /// The memory that the tables live in.
    pub fn memory(&self) -> &M {
        &self.tables.memory
    }

    /// A recorded fault of some unit, with the unit's index.
    pub fn take_fault(&mut self) -> Option<(usize, Fault)> {
        let mut units = self.units.iter_mut().enumerate();
        units.find_map(|(index, unit)| Some((index, unit.take_fault()?)))
    }

    /// Whether some unit dropped faults since the last call.
    pub fn take_overflow(&mut self) -> bool {
        let units = self.units.iter_mut();
        units.fold(false, |any, unit| unit.take_overflow() | any)
    }

    /// The number of domains that exist.
    pub fn domains(&self) -> usize {
        self.used_ids.count_ones() as usize
    }
}
