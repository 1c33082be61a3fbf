// SPDX-License-Identifier: BSD-2-Clause
//! All units of a platform together: domains that devices are put into, memory that domains may
//! reach, interrupts that devices may raise. Whoever takes something away gets control back only
//! when hardware can no longer use it.

mod devices;
mod domains;
mod interrupts;

use heapless::Vec;
use mmio::Mmio;

use crate::domain_ids::DomainIds;
use crate::paging::Format;
use crate::{Config, Engine, Error, Fault, Memory, Result, Unit};

pub use domains::Domain;

/// The most remapping units that one platform may have.
pub const MAX_UNITS: usize = 16;

/// The units, and the memory that all tables live in.
#[derive(Debug)]
pub struct Iommu<R, M> {
    memory: M,
    units: Vec<Engine<R>, MAX_UNITS>,
    ids: DomainIds,
    config: Config,
}

impl<R: Mmio, M: Memory> Iommu<R, M> {
    /// Takes over all units: no device can do anything from here on. A domain may be used on all
    /// of them, so its tables use only what all can do.
    ///
    /// # Errors
    ///
    /// The index of the unit that failed, and why: see [`Engine::take_over`].
    pub fn take_over(
        mut memory: M,
        units: impl IntoIterator<Item = Unit<R>>,
        config: Config,
    ) -> core::result::Result<Self, (usize, Error)> {
        let mut engines = Vec::new();
        for (index, unit) in units.into_iter().enumerate() {
            let engine =
                Engine::take_over(unit, &mut memory, config).map_err(|error| (index, error))?;
            engines.push(engine).map_err(|_| (index, Error::OutOfIds))?;
        }
        let limit = engines
            .iter()
            .map(|engine| engine.capabilities().domains())
            .min();
        Ok(Self {
            memory,
            units: engines,
            ids: DomainIds::new(limit.unwrap_or(0)),
            config,
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
        &self.memory
    }

    /// A recorded fault of some unit, with the unit's index.
    pub fn take_fault(&mut self) -> Option<(usize, Fault)> {
        let units = self.units.iter_mut().enumerate();
        units
            .into_iter()
            .find_map(|(index, unit)| Some((index, unit.take_fault()?)))
    }

    /// Whether some unit dropped faults since the last call.
    pub fn take_overflow(&mut self) -> bool {
        let units = self.units.iter_mut();
        units.fold(false, |any, unit| unit.take_overflow() | any)
    }

    /// The number of domains that exist.
    pub fn domains(&self) -> usize {
        self.ids.used()
    }

    /// The widest tables that reach `address_bits`, in what all units can do.
    fn format(&self, address_bits: u8) -> Result<Format> {
        let all = |test: fn(&Engine<R>) -> bool| self.units.iter().all(test);
        let three = all(|unit| unit.capabilities().levels(3));
        let four = all(|unit| unit.capabilities().levels(4));
        let levels = if three && address_bits <= 39 {
            3
        } else if four {
            4
        } else {
            return Err(Error::Missing(crate::Missing::Levels));
        };
        let guest = self
            .units
            .iter()
            .map(|unit| unit.capabilities().guest_address_bits())
            .min();
        let address_bits = guest.unwrap_or(0).min(12 + 9 * levels);
        Ok(Format {
            levels,
            address_bits,
            host_bits: self.config.host_bits.min(52),
            mega: all(|unit| unit.capabilities().large_pages(2)),
            giga: all(|unit| unit.capabilities().large_pages(3)),
            snoop: all(|unit| unit.unit().extended_capabilities().sc()),
            coherent: all(|unit| unit.unit().extended_capabilities().c()),
        })
    }
}
