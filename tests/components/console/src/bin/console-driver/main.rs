// SPDX-License-Identifier: BSD-2-Clause
//! Runs the tests of this system and reports them.
#![no_std]
#![no_main]

mod context;
mod hostile;
mod keys;
mod output;

use sel4_microkit::{NullHandler, protection_domain};
use sel4_test::{Suite, suite};

use context::Context;
use hostile::*;
use keys::*;
use output::*;

const SUITE: Suite<Context> = suite!(
    "console",
    [
        a_line_is_taken,
        an_unfinished_line_is_taken,
        many_lines_are_taken,
        keys_arrive_at_the_first_stream,
        escape_and_a_number_move_the_focus,
        escape_and_p_move_it_back,
        the_escape_key_itself_arrives,
        a_flood_does_not_stop_another_stream,
        lies_about_indices_harm_nobody,
        garbage_all_over_a_region_harms_nobody,
        signals_without_end_harm_nobody,
        a_restarted_console_goes_on_with_what_waits,
        a_restarted_console_takes_keys,
        the_console_never_crashed,
    ]
);

#[protection_domain]
fn init() -> NullHandler {
    SUITE.run_in_system(&mut Context::new());
    NullHandler::new()
}
