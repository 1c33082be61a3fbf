// SPDX-License-Identifier: BSD-2-Clause
//! Works with protection domains in other domains, and measures what time they get.
#![no_std]
#![no_main]

mod communication;
mod shares;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "domains",
    tests: [
        communication::notifications_cross_domains,
        communication::calls_cross_domains,
        shares::time_follows_the_schedule,
    ],
}
