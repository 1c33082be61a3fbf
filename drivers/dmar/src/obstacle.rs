// SPDX-License-Identifier: BSD-2-Clause
//! What in the table speaks against giving a device to somebody.

use core::fmt;

use pci::Bdf;

use crate::structure::{Rmrr, Satc, Structure};
use crate::{Dmar, Topology};

/// Why a device should not be granted.
#[derive(Clone, Copy, Debug)]
pub enum Obstacle<'a> {
    /// Firmware reserved memory for it (§8.4) and goes on using the device through it: a domain
    /// without the region breaks firmware, one with it is not closed.
    Reserved(Rmrr<'a>),
    /// The same for a device that cannot be told without the bridges that it is behind, so that it
    /// may be any.
    MayBeReserved(Rmrr<'a>),
    /// It does not work without its device TLB (§8.8), which drivers of remapping units keep off.
    NeedsDeviceTlb(Satc<'a>),
    /// No unit is responsible for it.
    NoUnit,
}

impl fmt::Display for Obstacle<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reserved(region) => write!(f, "{region} for it (RMRR)"),
            Self::MayBeReserved(region) => write!(f, "{region} for one behind a bridge (RMRR)"),
            Self::NeedsDeviceTlb(_) => f.write_str("it does not work without a device TLB (SATC)"),
            Self::NoUnit => f.write_str("no remapping unit is responsible for it (DRHD)"),
        }
    }
}

impl<'a> Dmar<'a> {
    /// Everything that speaks against granting `device`. For a virtual function, ask for its
    /// physical function, which shares its unit and whose reserved memory it may reach.
    pub fn obstacles<T: Topology>(
        &self,
        segment: u16,
        device: Bdf,
        topology: &T,
    ) -> impl Iterator<Item = Obstacle<'a>> {
        let no_unit = self.unit_of(segment, device, topology).is_none();
        let named = self
            .structures()
            .filter_map(move |structure| match structure {
                Structure::Reserved(region) if region.segment() != segment => None,
                Structure::Reserved(region) => {
                    let mut scopes = region.scopes();
                    if scopes.cover(device, topology) {
                        Some(Obstacle::Reserved(region))
                    } else if scopes.any(|scope| scope.is_vague(topology)) {
                        Some(Obstacle::MayBeReserved(region))
                    } else {
                        None
                    }
                }
                Structure::ChipDevices(chip) => (chip.required()
                    && chip.segment() == segment
                    && chip.scopes().cover(device, topology))
                .then_some(Obstacle::NeedsDeviceTlb(chip)),
                _ => None,
            });
        no_unit.then_some(Obstacle::NoUnit).into_iter().chain(named)
    }
}
