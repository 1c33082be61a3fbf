// SPDX-License-Identifier: BSD-2-Clause
//! Looks what capabilities it and others have, and what they can do with them.
#![no_std]
#![no_main]

mod cspace;
mod debug;
mod rights;
mod slots;
mod suspect;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "authority",
    tests: [
        slots::own_slots_are_those_of_system_xml,
        slots::other_addresses_lead_nowhere_else,
        slots::who_was_given_nothing_has_nothing,
        cspace::thread_of_another_is_at_its_slot,
        cspace::thread_of_another_stops_and_goes_on,
        cspace::priority_cannot_rise_above_the_own,
        cspace::address_space_is_at_its_slot,
        rights::signals_cannot_be_received,
        rights::calls_cannot_be_received,
        rights::answer_without_a_caller,
        rights::no_method_of_the_kernel_on_what_it_is_not,
        debug::halt_stops_only_who_calls_it,
        debug::naming_what_is_no_thread,
        debug::kernel_runs_no_code_for_others,
    ],
}
