// SPDX-License-Identifier: BSD-2-Clause
//! Runs the tests of this system and reports them.
#![no_std]
#![no_main]

extern crate alloc;

mod calls;
mod capabilities;
mod context;
mod heap;
mod interrupts;
mod memory;
mod signals;
mod variables;

use sel4_microkit::{NullHandler, protection_domain};
use sel4_test::{Suite, suite};

use calls::*;
use capabilities::*;
use context::Context;
use heap::*;
use interrupts::*;
use memory::*;
use signals::*;
use variables::*;

const SUITE: Suite<Context> = suite!(
    "ipc",
    [
        calls_carry_0_to_64_words,
        answers_carry_0_to_64_words,
        labels_come_back,
        words_beyond_the_message_stay,
        a_callee_runs_before_its_caller_goes_on,
        a_deferred_signal_comes_before_the_answer,
        signals_become_one_notification,
        two_channels_become_one_notification,
        floating_point_registers_survive_a_switch,
        an_interrupt_comes_after_each_acknowledgement,
        an_interrupt_comes_after_a_deferred_acknowledgement,
        no_interrupt_comes_without_acknowledgement,
        variables_are_set,
        the_program_knows_its_name_and_peers,
        a_prefilled_region_has_the_file,
        regions_are_zero_at_first,
        two_mappings_show_one_memory,
        a_large_page_is_writable_to_its_end,
        a_device_register_is_readable,
        io_ports_reach_the_device,
        io_ports_end_where_the_range_ends,
        a_thread_is_controlled_through_a_slot,
        an_address_space_lies_in_a_slot,
        an_empty_slot_is_refused,
        no_guest_runs_without_a_virtual_cpu,
        the_heap_gives_and_takes_back,
        the_heap_ends,
    ]
);

#[protection_domain(heap_size = 0x4_0000)]
fn init() -> NullHandler {
    SUITE.run_in_system(&mut Context::new());
    NullHandler::new()
}
