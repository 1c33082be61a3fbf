// SPDX-License-Identifier: BSD-2-Clause
//! Lets some protection domains misbehave and others do measured work.
#![no_std]
#![no_main]

mod disturbances;
mod priorities;
mod system;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "isolation",
    tests: [
        priorities::start_in_the_order_of_priorities,
        disturbances::fault_stops_nobody_else,
        disturbances::loop_of_low_priority_takes_no_time,
        disturbances::loop_of_same_priority_takes_its_share,
        disturbances::flood_of_logging_takes_its_share,
        disturbances::all_at_once,
        priorities::highest_priority_is_never_starved,
    ],
}
