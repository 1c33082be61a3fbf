// SPDX-License-Identifier: BSD-2-Clause
//! The devices of a PC, as software finds and uses them: serial port, clock, timer, PCI bus.
#![no_std]
#![no_main]

mod clock;
mod pci;
mod serial;
mod timer;

use bare::{Suite, suite};

use clock::*;
use pci::*;
use serial::*;
use timer::*;

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-devices",
    [
        serial_exists,
        serial_is_a_16550a,
        serial_loop_back,
        serial_queue_of_16,
        serial_transmitter_interrupt,
        serial_divisor,
        clock_shows_a_date,
        clock_goes_on,
        clock_updates_interrupt,
        clock_periodic_interrupt,
        clock_alarm,
        clock_notations,
        clock_can_be_set,
        clock_memory,
        timer_counts,
        timer_output,
        timer_latch,
        memory_is_refreshed,
        pci_ways_agree,
        pci_holes_are_empty,
        pci_identities_stay,
        pci_base_addresses_are_sized,
        pci_base_addresses_hide_no_apic,
        pci_capabilities_end,
    ]
);

fn main() -> ! {
    bare::run(&SUITE)
}
