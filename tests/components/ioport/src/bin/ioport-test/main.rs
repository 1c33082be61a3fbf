// SPDX-License-Identifier: BSD-2-Clause
//! Uses the I/O ports that system.xml gives it, and tries others.
#![no_std]
#![no_main]

mod allowed;
mod pci;
mod refused;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "ioport",
    tests: [
        allowed::ids_and_addresses_are_set,
        allowed::bytes_by_the_real_time_clock,
        allowed::reads_of_all_widths_agree,
        allowed::writes_of_16_bits,
        allowed::writes_of_32_bits,
        allowed::last_port_of_all,
        refused::below_and_above_the_range,
        refused::access_that_reaches_over_the_end,
        refused::writes_as_reads,
        refused::range_of_another,
        refused::no_capability,
    ],
}
