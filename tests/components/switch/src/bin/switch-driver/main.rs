// SPDX-License-Identifier: BSD-2-Clause
//! Runs the tests of this system and reports them.
#![no_std]
#![no_main]

mod attacks;
mod context;
mod frames;

use sel4_microkit::{NullHandler, protection_domain};
use sel4_test::{Suite, suite};

use attacks::*;
use context::Context;
use frames::*;

const SUITE: Suite<Context> = suite!(
    "switch",
    [
        a_frame_comes_back,
        frames_of_all_lengths_come_back,
        a_frame_for_all_reaches_the_others,
        a_frame_for_nobody_goes_nowhere,
        more_frames_than_a_ring_has_come_back,
        the_client_is_notified,
        forged_frames_go_nowhere,
        a_flood_leaves_room,
        a_flood_for_all_leaves_room,
        wrong_lengths_harm_nobody,
        wrong_indices_harm_nobody,
        garbage_harms_nobody,
        signals_without_end_harm_nobody,
        a_restarted_switch_goes_on,
        the_switch_never_crashed,
    ]
);

#[protection_domain]
fn init() -> NullHandler {
    SUITE.run_in_system(&mut Context::new());
    NullHandler::new()
}
