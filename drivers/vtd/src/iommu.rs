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
use crate::{
    Capabilities, Config, Engine, Error, ExtendedCapabilities as Extended, Fault, Memory, Missing,
    Result, Unit,
};

pub use domains::Domain;

/// The most remapping units that one platform may have.
pub const MAX_UNITS: usize = 16;

/// The units, and the memory that all tables live in.
#[derive(Debug)]
pub struct Iommu<R, M> {
    tables: TableMemory<M>,
    units: Vec<Engine<R>, MAX_UNITS>,
    config: Config,
    /// Domain ids are below it, so that there are 127 at most.
    domain_ids: u32,
    /// Those in use, one bit each. Id 0 is never given out: units in caching mode tag what they
    /// cache of entries that are not present with it (§6.1), and an empty context entry would
    /// carry it.
    used_ids: u128,
}

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Takes over all units: no device reaches any memory from here on. A domain may be used on
    /// all of them, so its tables use only what all can do.
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
        let mut probed = Vec::<_, MAX_UNITS>::new();
        for unit in units {
            probed.push(unit).map_err(|_| Error::OutOfIds)?;
        }
        let snoops = Extended::C;
        let coherent = probed
            .iter()
            .all(|unit| unit.extended_capabilities().has(snoops));
        let domains = probed
            .iter()
            .map(|unit| unit.capabilities().domains())
            .min();
        let mut tables = TableMemory { coherent, memory };
        let mut units = Vec::new();
        for unit in probed {
            // Cannot fail: there are no more than before.
            let _ = units.push(Engine::take_over(unit, &mut tables, config)?);
        }
        Ok(Self {
            tables,
            units,
            config,
            domain_ids: domains.unwrap_or(0).min(u128::BITS),
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

    /// The tables that reach `address_bits`, in what all units can do.
    fn format(&self, address_bits: u8) -> Result<Format> {
        let caps = || self.units.iter().map(Engine::capabilities);
        // Levels of tables and of leaves are sets of bits.
        let all = Capabilities(caps().fold(u64::MAX, |all, unit| all & unit.0));
        let levels = match address_bits {
            ..=39 if all.levels(3) => 3,
            _ if all.levels(4) => 4,
            _ => return Err(Error::Missing(Missing::Levels)),
        };
        let widths = caps().map(Capabilities::guest_address_bits);
        let mut ecaps = self
            .units
            .iter()
            .map(|unit| unit.unit().extended_capabilities());
        Ok(Format {
            levels,
            address_bits: widths.min().unwrap_or(0).min(12 + 9 * levels),
            host_bits: self.config.host_bits.min(52),
            leaf_levels: (1..=3).take_while(|&level| all.leaves(level)).count() as u8,
            snoop: ecaps.all(|unit| unit.has(Extended::SC)),
        })
    }
}
