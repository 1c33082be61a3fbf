// SPDX-License-Identifier: BSD-2-Clause
//! Runs the tests of this system and reports them.
#![no_std]
#![no_main]

mod context;
mod ends;
mod load;
mod refusals;
mod restarts;

use sel4_microkit::{NullHandler, pd_name, protection_domain};
use sel4_test::{Suite, suite};

use context::Context;
use ends::*;
use load::*;
use refusals::*;
use restarts::*;

const SUITE: Suite<Context> = suite!(
    "timer",
    [
        the_clock_never_goes_back,
        a_one_shot_ends_once,
        a_delay_of_nothing_ends_at_once,
        a_moment_in_the_past_ends_at_once,
        a_period_ends_again_and_again,
        a_cancelled_time_out_does_not_end,
        time_outs_end_in_their_order,
        setting_again_replaces,
        a_long_time_out_does_not_end_early,
        the_ninth_time_out_is_refused,
        a_period_that_is_too_short_is_refused,
        malformed_requests_are_refused,
        ends_are_in_time,
        a_flooding_client_does_not_delay_another,
        a_crash_is_told_and_time_outs_can_be_set_again,
        time_goes_on_over_a_crash,
        a_client_survives_crashes_in_the_middle_of_its_calls,
    ]
);

#[protection_domain]
fn init() -> NullHandler {
    // The same tests run in two systems, which differ in how the HPET interrupts.
    let system = if pd_name() == Ok("msi-driver") {
        "timer-msi"
    } else {
        SUITE.system
    };
    Suite { system, ..SUITE }.run_in_system(&mut Context::new());
    NullHandler::new()
}
