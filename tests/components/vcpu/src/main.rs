// SPDX-License-Identifier: BSD-2-Clause
//! Runs a guest of a few instructions and looks at its exits.
#![no_std]
#![no_main]

mod clock;
mod guest;
mod tests;
mod vmcs;

use sel4_microkit::{NullHandler, protection_domain};
use sel4_test::{Suite, suite};

use guest::Guest;
use tests::*;

const SUITE: Suite<Guest> = suite!(
    "vcpu",
    [
        fields_read_back,
        fields_of_the_host_are_refused,
        controls_show_what_the_kernel_keeps,
        registers_go_in_and_out,
        an_exit_tells_instruction_and_length,
        guest_memory_is_shared,
        an_address_outside_exits,
        ports_exit_until_they_are_given,
        an_interrupt_of_the_program_ends_the_run,
    ]
);

#[protection_domain]
fn init() -> NullHandler {
    let mut guest = Guest::new();
    match guest.set_up() {
        Ok(()) => {
            SUITE.run_in_system(&mut guest);
        }
        Err(error) => panic!("the guest cannot be set up: {error}"),
    }
    NullHandler::new()
}
