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
use crate::paging::Format;
use crate::{Config, DomainId, Engine, Error, ExtendedCapabilities, Fault, Memory, Result, Unit};

pub use domains::Domain;

/// The most remapping units that one platform may have.
pub const MAX_UNITS: usize = 16;

/// The units, and the memory that all tables live in.
#[derive(Debug)]
pub struct Iommu<R, M> {
    tables: TableMemory<M>,
    units: Vec<Engine<R>, MAX_UNITS>,
    config: Config,
    ids: DomainIds,
}

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Takes over all units: no device reaches any memory from here on. A domain may be used on
    /// all of them, so its tables use only what all can do.
    ///
    /// # Errors
    ///
    /// The index of the unit that failed, and why: [`Error::Missing`], [`Error::OutOfIds`] for too
    /// many units, [`Error::OutOfMemory`], [`Error::Stuck`], or those of an invalidation. No unit
    /// is more open than before.
    pub fn take_over(
        memory: M,
        units: impl IntoIterator<Item = Unit<R>>,
        config: Config,
    ) -> core::result::Result<Self, (usize, Error)> {
        let mut probed = Vec::<_, MAX_UNITS>::new();
        for unit in units {
            probed
                .push(unit)
                .map_err(|_| (MAX_UNITS, Error::OutOfIds))?;
        }
        let snoops = ExtendedCapabilities::C;
        let coherent = probed
            .iter()
            .all(|unit| unit.extended_capabilities().has(snoops));
        let domains = probed
            .iter()
            .map(|unit| unit.capabilities().domains())
            .min();
        let mut tables = TableMemory { coherent, memory };
        let mut units = Vec::new();
        for (index, unit) in probed.into_iter().enumerate() {
            let engine = Engine::take_over(unit, &mut tables, config);
            // Cannot fail: there are no more than before.
            let _ = units.push(engine.map_err(|error| (index, error))?);
        }
        Ok(Self {
            tables,
            units,
            config,
            ids: DomainIds::new(domains.unwrap_or(0)),
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
        self.ids.used.count_ones() as usize
    }

    /// The tables that reach `address_bits`, in what all units can do.
    fn format(&self, address_bits: u8) -> Result<Format> {
        let all = |test: &dyn Fn(&Unit<R>) -> bool| self.units.iter().all(|unit| test(unit.unit()));
        let can = |levels| all(&|unit| unit.capabilities().levels(levels));
        let levels = match address_bits {
            ..=39 if can(3) => 3,
            _ if can(4) => 4,
            _ => return Err(Error::Missing(crate::Missing::Levels)),
        };
        let widths = self
            .units
            .iter()
            .map(|unit| unit.capabilities().guest_address_bits());
        Ok(Format {
            levels,
            address_bits: widths.min().unwrap_or(0).min(12 + 9 * levels),
            host_bits: self.config.host_bits.min(52),
            mega: all(&|unit| unit.capabilities().leaves(2)),
            giga: all(&|unit| unit.capabilities().leaves(3)),
            snoop: all(&|unit| unit.extended_capabilities().has(ExtendedCapabilities::SC)),
        })
    }
}

/// Domain ids in use, one bit each. Id 0 is never given out: units in caching mode tag what they
/// cache of entries that are not present with it (§6.1), and an empty context entry would carry it.
#[derive(Debug)]
struct DomainIds {
    used: u128,
    /// Ids are below it.
    end: u32,
}

impl DomainIds {
    /// At most 127 ids of the `number` that hardware tells apart.
    fn new(number: u32) -> Self {
        let end = number.min(u128::BITS);
        Self { used: 0, end }
    }

    fn take(&mut self) -> Result<DomainId> {
        let id = (self.used | 1).trailing_ones();
        if id >= self.end {
            return Err(Error::OutOfIds);
        }
        self.used |= 1 << id;
        Ok(DomainId(id as u16))
    }

    /// Takes an id back of which no unit has anything cached.
    fn give_back(&mut self, id: DomainId) {
        self.used &= !(1 << id.0);
    }
}
