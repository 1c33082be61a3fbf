// SPDX-License-Identifier: BSD-2-Clause
//! The ACPI table DMAR, after the 'Intel Virtualization Technology for Directed I/O' architecture
//! specification, revision 4.1 (order number D51397), chapter 8; `§` in this crate means its
//! sections. It tells which remapping units there are, what is behind each, and which memory
//! firmware wants to keep for devices.
//!
//! A table is checked from end to end by [`Dmar::parse`]: signature, length, checksum, the length
//! of every structure, scope and path in it. What it holds is reported without exception, kinds
//! that this crate does not know included, so that a manager can refuse rather than overlook.

#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

mod bytes;
mod obstacle;
mod scope;
mod structure;
#[cfg(test)]
mod tests;

use core::fmt;

pub use obstacle::Obstacle;
pub use scope::{Path, Scope, ScopeKind, Scopes};
pub use structure::{Atsr, Drhd, Rhsa, Rmrr, Satc, Structure, Structures};

use bytes::Bytes;
use pci::Bdf;

/// Bytes of a page: registers and reserved regions are made of such.
const PAGE_BYTES: u64 = 4096;

/// Length of the ACPI header, the host address width, the flags and 10 reserved bytes.
const HEADER: usize = 48;

/// Why a table is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DmarError {
    /// The signature is not `DMAR`.
    Signature,
    /// The table says that it is longer than what was given, or shorter than its header.
    Length(u32),
    /// The bytes do not add up to zero.
    Checksum(u8),
    /// The structure at this offset is too short for its kind, or runs past the table.
    Structure(usize),
    /// A device scope of the structure at this offset is too short or runs past the structure.
    DeviceScope(usize),
    /// The reserved region at this offset ends before it begins, or is not page aligned.
    Region(usize),
    /// The unit at this offset has its registers at 0 or off a page boundary.
    Registers(usize),
    /// There is no remapping unit in it.
    NoUnits,
}

impl fmt::Display for DmarError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DMAR table: ")?;
        match self {
            Self::Signature => f.write_str("wrong signature"),
            Self::Length(length) => write!(f, "impossible length {length}"),
            Self::Checksum(sum) => write!(f, "wrong checksum, off by {sum:#04x}"),
            Self::Structure(at) => write!(f, "impossible length of the structure at {at:#x}"),
            Self::DeviceScope(at) => write!(f, "broken device scope in the structure at {at:#x}"),
            Self::Region(at) => write!(f, "impossible reserved region at {at:#x}"),
            Self::Registers(at) => write!(f, "impossible register address of the unit at {at:#x}"),
            Self::NoUnits => f.write_str("no remapping unit"),
        }
    }
}

impl core::error::Error for DmarError {}

/// A table that was found sound.
#[derive(Clone, Copy, Debug)]
pub struct Dmar<'a> {
    bytes: Bytes<'a>,
}

impl<'a> Dmar<'a> {
    /// Checks a table; bytes after its stated length are ignored.
    ///
    /// # Errors
    ///
    /// [`DmarError`].
    pub fn parse(table: &'a [u8]) -> Result<Self, DmarError> {
        if table.get(..4) != Some(b"DMAR".as_slice()) {
            return Err(DmarError::Signature);
        }
        let length = Bytes(table).u32(4).ok_or(DmarError::Length(0))?;
        let bytes = usize::try_from(length)
            .ok()
            .filter(|&length| length >= HEADER)
            .and_then(|length| table.get(..length))
            .ok_or(DmarError::Length(length))?;
        let sum = bytes.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte));
        if sum != 0 {
            return Err(DmarError::Checksum(sum));
        }
        let dmar = Self {
            bytes: Bytes(bytes),
        };
        let mut units = 0;
        let mut structures = dmar.structures();
        for structure in structures.by_ref() {
            structure.check()?;
            units += usize::from(matches!(structure, Structure::Unit(_)));
        }
        // The iterator stops early at a structure that it cannot delimit.
        if structures.offset() != bytes.len() {
            return Err(DmarError::Structure(structures.offset()));
        }
        if units == 0 {
            return Err(DmarError::NoUnits);
        }
        Ok(dmar)
    }

    /// Bits of an address that DMA can reach.
    pub fn host_address_bits(&self) -> u8 {
        self.bytes.u8(36).unwrap_or(0).saturating_add(1)
    }

    /// The platform supports interrupt remapping.
    pub fn interrupt_remapping(&self) -> bool {
        self.flags() & 1 != 0
    }

    /// Firmware asks not to switch to x2APIC mode.
    pub fn x2apic_opt_out(&self) -> bool {
        self.flags() & 2 != 0
    }

    /// Firmware asks for DMA to be kept off until drivers ask for it.
    pub fn dma_control_opt_in(&self) -> bool {
        self.flags() & 4 != 0
    }

    fn flags(&self) -> u8 {
        self.bytes.u8(37).unwrap_or(0)
    }

    /// Everything in the table, in its order.
    pub fn structures(&self) -> Structures<'a> {
        Structures::new(self.bytes, HEADER)
    }

    /// The remapping units, in the order of the table.
    pub fn units(&self) -> impl Iterator<Item = Drhd<'a>> + use<'a> {
        self.structures().filter_map(|structure| match structure {
            Structure::Unit(unit) => Some(unit),
            _ => None,
        })
    }

    /// Where registers of a unit are that only one of this table and `known` has.
    pub fn disagrees(&self, mut known: impl Iterator<Item = u64> + Clone) -> Option<u64> {
        let mut listed = self.units().map(|unit| unit.registers());
        let in_table = |address| self.units().any(|unit| unit.registers() == address);
        let unknown = listed.find(|&address| !known.clone().any(|known| known == address));
        unknown.or_else(|| known.find(|&address| !in_table(address)))
    }

    /// The index among [`units`](Self::units) of the one that `device` of `segment` is behind
    /// (§8.3): the one that names it or a bridge above it, or else the one that takes all the
    /// rest of the segment. A virtual function is behind the unit of its physical function: ask
    /// for that one.
    pub fn unit_of(&self, segment: u16, device: Bdf, topology: &impl Topology) -> Option<usize> {
        let of_segment = || {
            self.units()
                .enumerate()
                .filter(|(_, unit)| unit.segment() == segment)
        };
        let named = of_segment().find(|(_, unit)| unit.scopes().cover(device, topology));
        named
            .or_else(|| of_segment().find(|(_, unit)| unit.all_others()))
            .map(|(index, _)| index)
    }

    /// The I/O APICs and HPETs that units name: the unit's index, the kind and id, and the source
    /// id of their interrupts, which must get entries of their own once remapping is on.
    pub fn interrupt_sources(
        &self,
        topology: &impl Topology,
    ) -> impl Iterator<Item = (usize, ScopeKind, u8, Bdf)> {
        self.units().enumerate().flat_map(move |(index, unit)| {
            unit.scopes().filter_map(move |scope| {
                let counts = matches!(scope.kind(), ScopeKind::IoApic | ScopeKind::Hpet);
                let source = scope.device(topology).filter(|_| counts)?;
                Some((index, scope.kind(), scope.id(), source))
            })
        })
    }
}

/// What the table leaves to PCI configuration space: which buses are behind a bridge.
pub trait Topology {
    /// The secondary and the subordinate bus of `bridge`; `None` if it is none.
    fn buses_behind(&self, bridge: Bdf) -> Option<(u8, u8)>;
}

/// A segment without bridges.
#[derive(Clone, Copy, Debug)]
pub struct Flat;

impl Topology for Flat {
    fn buses_behind(&self, _: Bdf) -> Option<(u8, u8)> {
        None
    }
}
