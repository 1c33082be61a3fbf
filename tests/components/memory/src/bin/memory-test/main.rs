// SPDX-License-Identifier: BSD-2-Clause
//! Checks that memory is as system.xml says.
#![no_std]
#![no_main]

extern crate alloc;

mod floating_point;
mod own;
mod physical;
mod prefill;
mod reader;
mod sharing;
mod sizes;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "memory",
    heap_size: own::HEAP,
    tests: [
        sizes::addresses_and_sizes_are_set,
        sizes::regions_are_zero_at_first,
        sizes::large_pages,
        sharing::writes_are_seen_by_the_other,
        sharing::two_mappings_in_one_place,
        sharing::uncached_mapping,
        sharing::read_only_side_cannot_write,
        prefill::content_and_length,
        physical::ram_at_an_address,
        physical::firmware_as_a_device,
        physical::firmware_cannot_be_written,
        own::bss_is_zero_and_data_is_not,
        own::whole_heap,
        own::stack_to_the_last_byte,
        floating_point::registers_outlive_preemption,
    ],
}
