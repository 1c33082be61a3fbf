// SPDX-License-Identifier: BSD-2-Clause
//! A hostile device under the IOMMU manager. This program is in the place of the PF manager: it
//! decides what the device gets, and it is told when the device oversteps.
#![no_std]
#![no_main]

mod context;
mod cycles;
mod dma;
mod flood;
mod grants;
mod interrupts;
mod revocation;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "iommu",
    tests: [
        grants::guard_is_on,
        grants::device_without_grant_reaches_nothing,
        grants::device_with_grant_works,
        grants::requests_beyond_the_table_are_refused,
        dma::write_to_another_clients_memory,
        dma::read_of_another_clients_memory,
        dma::read_of_the_kernel,
        dma::write_to_the_tables_of_the_iommu,
        dma::write_to_what_may_only_be_read,
        dma::write_over_the_end_of_a_grant,
        revocation::transfer_under_way_finds_nothing,
        revocation::cached_translation_is_gone,
        interrupts::own_index_arrives,
        interrupts::foreign_index,
        interrupts::index_of_an_io_apic,
        interrupts::index_that_is_not_present,
        interrupts::index_out_of_range,
        interrupts::unbound_index_is_silent,
        cycles::a_thousand_grants_leak_nothing,
        flood::many_faults_leave_time_for_others,
    ],
}
