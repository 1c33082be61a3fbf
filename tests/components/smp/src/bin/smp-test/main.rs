// SPDX-License-Identifier: BSD-2-Clause
//! Works with protection domains on another core.
#![no_std]
#![no_main]

mod calls;
mod children;
mod cores;
mod interrupts;
mod notifications;
mod peers;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "smp",
    tests: [
        cores::protection_domains_run_where_they_should,
        cores::both_run_at_the_same_time,
        notifications::there_and_back,
        notifications::last_one_is_never_lost,
        calls::across_cores,
        calls::from_two_cores_to_one_server,
        children::running_child_is_stopped_and_resumed,
        children::running_child_is_restarted,
        children::fault_reaches_the_parent,
        interrupts::go_to_a_driver_on_another_core,
    ],
}
