// SPDX-License-Identifier: BSD-2-Clause
//! The ACPI table, and where the memory for the IOMMU's own tables is.

use dmar::{Dmar, ScopeKind};
use sel4_test::{TestResult, check, check_eq, fail};

use crate::regions::{dmar, grants, tables, unit};

/// Where system.xml says that the unit is, as in all machines of QEMU.
const UNIT: u64 = 0xfed9_0000;
/// The file that stands in for a table.
static FILE: &[u8] = include_bytes!("../../../../firmware-broken/no-table.txt");

pub fn the_table_is_there_where_a_unit_is(_: &mut ()) -> TestResult {
    if !unit() {
        check!(
            dmar().iter().all(|byte| *byte == 0),
            "a table without a unit"
        );
        return Ok(());
    }
    let table = match Dmar::parse(dmar()) {
        Ok(table) => table,
        Err(error) => fail!("{error}"),
    };
    check_eq!(table.units().count(), 1);
    check!(
        table.units().all(|found| found.registers() == UNIT),
        "the unit is elsewhere"
    );
    let mut scopes = table.units().flat_map(|unit| unit.scopes());
    check!(
        scopes.any(|scope| scope.kind() == ScopeKind::IoApic),
        "no I/O APIC in it"
    );
    Ok(())
}

pub fn the_file_is_there(_: &mut ()) -> TestResult {
    check_eq!(&dmar()[..FILE.len()], FILE);
    Ok(())
}

pub fn the_rest_of_its_region_is_zero(_: &mut ()) -> TestResult {
    let len = match Dmar::parse(dmar()) {
        Ok(_) => u32::from_le_bytes([dmar()[4], dmar()[5], dmar()[6], dmar()[7]]) as usize,
        Err(_) if dmar().starts_with(FILE) => FILE.len(),
        Err(_) => 0,
    };
    check!(
        dmar()[len..].iter().all(|byte| *byte == 0),
        "something behind the table"
    );
    Ok(())
}

pub fn the_place_of_the_memory_for_tables_is_told(_: &mut ()) -> TestResult {
    let place = grants()?.tables();
    check_eq!(place.end - place.start, tables().len() as u64);
    // RAM starts at 0, but its first MiB is nobody's.
    check!(place.start >= 0x10_0000, "at {:#x}", place.start);
    check!(tables().iter().all(|byte| *byte == 0), "something is in it");
    Ok(())
}
