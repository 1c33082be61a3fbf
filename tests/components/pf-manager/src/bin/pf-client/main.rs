// SPDX-License-Identifier: BSD-2-Clause
//! Tests the PF manager as the owner of three virtual functions. The driver of a network card's
//! virtual function is a few register accesses here.
#![no_std]
#![no_main]

mod card;
mod client;
mod config;
mod faults;
mod grants;
mod restart;

test_support::test_protection_domain! {
    system: "pf-manager",
    tests: [
        grants::functions_are_claimed_and_known,
        grants::a_channel_without_a_function_gets_nothing,
        grants::malformed_requests_are_refused,
        config::configuration_space_is_a_window,
        config::a_function_that_is_no_bus_master_stays_silent,
        grants::the_mailbox_is_answered_by_policy,
        grants::answers_come_at_once,
        grants::counts_tell_what_was_said,
        grants::a_storage_function_is_online,
        grants::a_reset_leads_back_to_its_owner,
        grants::what_was_given_up_reaches_nothing,
        grants::a_claim_can_wait_for_a_revocation,
        faults::what_was_granted_can_be_reached,
        faults::whoever_oversteps_is_blocked_until_it_is_released,
        faults::a_blocked_function_can_be_given_up,
        grants::a_thousand_grants_leave_nothing_behind,
        restart::a_restart_takes_everything_back,
    ],
}
