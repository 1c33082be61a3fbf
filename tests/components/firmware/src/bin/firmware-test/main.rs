// SPDX-License-Identifier: BSD-2-Clause
//! Plays the owner of the IOMMU as far as it goes without touching the unit: what is it told when the
//! system starts?
#![no_std]
#![no_main]

mod interrupts;
mod regions;
mod table;

use sel4_microkit::{NullHandler, pd_name, protection_domain};
use sel4_test::{Suite, suite};

use interrupts::*;
use table::*;

/// The machine's own table.
const FIRMWARE: Suite<()> = suite!(
    "firmware",
    [
        the_table_is_there_where_a_unit_is,
        the_rest_of_its_region_is_zero,
        ioapics_are_remapped_if_the_table_allows_it,
        the_place_of_the_memory_for_tables_is_told,
        every_interrupt_of_others_has_an_entry,
        without_remapping_a_pin_interrupts_as_ever,
    ]
);

/// A file in its place.
const BROKEN: Suite<()> = suite!(
    "firmware-broken",
    [
        the_file_is_there,
        the_rest_of_its_region_is_zero,
        ioapics_are_remapped_if_the_table_allows_it,
        the_place_of_the_memory_for_tables_is_told,
        without_remapping_a_pin_interrupts_as_ever,
    ]
);

#[protection_domain]
fn init() -> NullHandler {
    match pd_name() {
        Ok("firmware-test") => drop(FIRMWARE.run_in_system(&mut ())),
        Ok("broken-test") => drop(BROKEN.run_in_system(&mut ())),
        // Others are there for their interrupts alone.
        _ => {}
    }
    NullHandler::new()
}
