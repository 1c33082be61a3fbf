// SPDX-License-Identifier: BSD-2-Clause
//! Takes interrupts of the real-time clock (IOAPIC, by edge), of the HPET (IOAPIC, by level) and of
//! QEMU's device for teaching, edu (by message).
#![no_std]
#![no_main]

mod both;
mod edge;
mod edu;
mod level;
mod message;

use core::ptr::NonNull;

use mmio::MmioRegion;
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::Failure;
use test_support::clock::{Clock, REGISTERS};
use test_support::test_protection_domain;

/// The HPET at the pin that system.xml names.
fn clock() -> Result<Clock, Failure> {
    let base: NonNull<u8> = memory_region_symbol!(hpet_registers: *mut u8);
    // SAFETY: system.xml maps the registers, uncached, to this protection domain alone; tests run
    // one after the other and each drops its `Clock`.
    let registers = unsafe { MmioRegion::new(base, REGISTERS) };
    Clock::new(registers, 20, Channel::new(*var!(hpet_irq: usize = 0)))
}

test_protection_domain! {
    system: "irq",
    tests: [
        edge::edge_arrives,
        edge::edge_none_before_acknowledgement,
        edge::edge_none_is_lost,
        level::level_arrives,
        level::level_none_before_acknowledgement,
        level::level_comes_again_until_the_device_is_quiet,
        level::level_none_is_lost,
        both::two_interrupts_in_one_notification,
        both::one_waits_while_the_other_is_served,
        message::message_arrives,
        message::message_repeats_become_one,
        message::message_each_arrives_in_turn,
    ],
}
