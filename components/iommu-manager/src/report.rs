// SPDX-License-Identifier: BSD-2-Clause
//! The report at start-up.

use core::fmt;

use image_spec::dma_grants::{self, Device, Grant, READ, Table, WRITE};
use mmio::Mmio;
use vtd::{Absent, Needs, Unit};

/// A line of the report.
#[derive(Clone, Copy, Debug)]
pub enum Line<'a> {
    /// How things are.
    Info(fmt::Arguments<'a>),
    /// What would keep devices from being let loose, if there were any.
    Warning(fmt::Arguments<'a>),
    /// What keeps devices from being let loose.
    Error(fmt::Arguments<'a>),
}

/// Says what the remapping unit is and can do, in what state firmware left it, which device may
/// reach what, and whether the unit can enforce that. `x2apic` tells whether the processors run
/// in x2APIC mode.
pub fn report<M: Mmio>(
    unit: Result<&Unit<M>, Absent>,
    grants: Result<Table<'_>, dma_grants::Error>,
    x2apic: bool,
    mut say: impl FnMut(Line<'_>),
) {
    let table = match &grants {
        Ok(table) => Some(table),
        Err(error) => {
            say(Line::Error(format_args!("{error}: no device gets memory")));
            None
        }
    };
    for device in table.iter().flat_map(|table| table.devices()) {
        say_grants(
            device,
            table.map_or(&[], |table| table.grants(device)),
            &mut say,
        );
    }
    // Without devices there is nothing that the lack of a unit could let loose.
    let asked = table.is_none_or(|table| !table.devices().is_empty());
    match unit {
        Ok(unit) => say_unit(unit, &needs(table, x2apic), asked, &mut say),
        Err(absent) => refuse(asked, format_args!("no IOMMU: {absent}"), &mut say),
    }
}

/// Says that no device is let loose, and why.
fn refuse(asked: bool, why: fmt::Arguments<'_>, say: &mut impl FnMut(Line<'_>)) {
    let text = format_args!("{why}; fail closed: no device is let loose");
    say(if asked {
        Line::Error(text)
    } else {
        Line::Warning(text)
    });
}

/// What the grants ask of the unit.
fn needs(table: Option<&Table<'_>>, x2apic: bool) -> Needs {
    let devices = || table.iter().flat_map(|table| table.devices());
    let grants = devices().flat_map(|device| table.map_or(&[][..], |table| table.grants(device)));
    let end = |grant: &Grant| grant.iova.get().saturating_add(grant.len.get());
    Needs {
        max_domain: devices()
            .map(|device| device.domain.get())
            .max()
            .unwrap_or(0),
        address_end: grants.map(end).max().unwrap_or(0),
        x2apic,
    }
}

fn say_unit<M: Mmio>(unit: &Unit<M>, needs: &Needs, asked: bool, say: &mut impl FnMut(Line<'_>)) {
    let (cap, ecap) = (unit.capabilities(), unit.extended_capabilities());
    say(Line::Info(format_args!(
        "IOMMU: VT-d version {}",
        unit.version()
    )));
    say(Line::Info(format_args!("CAP {:#x}: {cap}", u64::from(cap))));
    say(Line::Info(format_args!(
        "ECAP {:#x}: {ecap}",
        u64::from(ecap)
    )));
    say(Line::Info(format_args!(
        "firmware left: {}",
        unit.global_status()
    )));
    say(Line::Info(format_args!(
        "protected memory: {}",
        unit.protected_memory()
    )));
    let mut complete = true;
    for missing in needs.missing(unit) {
        complete = false;
        refuse(asked, format_args!("{missing}"), say);
    }
    if complete {
        say(Line::Info(format_args!(
            "the unit has all that is needed to keep devices apart"
        )));
    }
}

fn say_grants(device: &Device, grants: &[Grant], say: &mut impl FnMut(Line<'_>)) {
    let (requester, domain) = (device.requester.get(), device.domain.get());
    let bdf = Bdf(requester);
    let name = device.name();
    if grants.is_empty() {
        say(Line::Info(format_args!(
            "grant: {bdf} '{name}' domain {domain}: nothing"
        )));
    }
    for grant in grants {
        let rights = match grant.rights.get() {
            READ => "read",
            WRITE => "write",
            _ => "read and write",
        };
        let (iova, paddr) = (grant.iova.get(), grant.paddr.get());
        let last = grant.len.get().saturating_sub(1);
        say(Line::Info(format_args!(
            "grant: {bdf} '{name}' domain {domain}: {rights} {iova:#x}..={:#x} at physical {paddr:#x}",
            iova.saturating_add(last),
        )));
    }
}

/// A requester id as bus:device.function.
struct Bdf(u16);

impl fmt::Display for Bdf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:02x}:{:02x}.{}",
            self.0 >> 8,
            self.0 >> 3 & 0x1f,
            self.0 & 7
        )
    }
}

#[cfg(test)]
mod tests;
