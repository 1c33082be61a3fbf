// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts: when they come, in which order, and how often.
#![no_std]
#![no_main]

mod order;
mod record;
mod serial;
mod states;

use bare::{Suite, suite};

use order::*;
use serial::*;
use states::*;

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-interrupts",
    [
        comes_at_once,
        waits_while_interrupts_are_off,
        waits_for_the_instruction_behind_sti,
        comes_after_popf,
        in_the_shadow_of_mov_ss,
        behind_sti_and_an_exit,
        wakes_from_hlt,
        wakes_from_hlt_when_it_waited,
        sti_and_hlt_lose_nothing,
        registers_survive,
        waits_inside_of_a_handler,
        nests_inside_of_a_handler,
        higher_priority_first,
        same_class_waits_for_the_end,
        task_priority_holds_back,
        task_priority_by_cr8,
        processor_priority,
        twice_while_in_service,
        many,
        during_a_string_of_io,
        software_interrupt,
        line_of_the_serial_port,
        masked_line_waits,
    ]
);

fn main() -> ! {
    bare::run(&SUITE)
}
