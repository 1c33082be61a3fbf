// SPDX-License-Identifier: BSD-2-Clause
//! Stops and restarts its children in every state they can be in.
#![no_std]
#![no_main]

mod cpu;
mod driver;
mod memory;
mod phoenix;
mod policy;
mod server;
mod states;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "restart",
    tests: [
        memory::variables_and_heap_are_pristine,
        memory::hundred_restarts_in_a_row,
        states::while_it_waits,
        states::while_it_runs,
        states::while_it_calls,
        states::after_a_fault,
        states::after_its_stack_overflowed,
        states::stopped_and_resumed,
        cpu::flags_and_floating_point_are_initial,
        server::caller_of_a_crashed_server_is_answered,
        server::caller_waits_for_the_restart,
        driver::interrupts_outlive_their_driver,
        policy::monitor_restarts_as_often_as_it_may,
    ],
}
