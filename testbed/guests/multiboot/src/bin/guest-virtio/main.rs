// SPDX-License-Identifier: BSD-2-Clause
//! A virtio device over PCI, driven well and badly: the entropy device, which every machine can have
//! and which needs nothing behind it that a test would have to know.
#![no_std]
#![no_main]

mod device;
mod interrupts;
mod requests;
mod ring;
mod rules;

use bare::{Suite, suite};

use interrupts::*;
use requests::*;
use rules::*;

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-virtio",
    [
        the_device_is_found,
        a_reset_clears_it,
        the_window_leads_to_registers,
        a_buffer_is_filled,
        several_buffers_are_filled,
        a_table_is_followed,
        rings_wrap,
        a_vector_interrupts,
        a_masked_vector_waits,
        no_interrupt_that_is_not_wanted,
        an_index_holds_interrupts_back,
        a_wrong_head_stops_it,
        a_loop_stops_it,
        a_buffer_outside_stops_it,
        a_table_outside_stops_it,
        a_wrong_index_stops_it,
        a_stopped_device_tells_so,
    ]
);

fn main() -> ! {
    bare::run(&SUITE)
}
