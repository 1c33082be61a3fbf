// SPDX-License-Identifier: BSD-2-Clause
//! Attacks with the two virtual functions that this program was granted, one of a network card and
//! one of an NVMe controller. Each time: nothing outside has changed, one record names device and
//! reason, the owner is told, and the bystanders have lost nothing.
#![no_std]
#![no_main]

mod card;
mod disk;
mod flood;
mod interrupts;
mod memory;
mod network;
mod resets;
mod revocation;
mod world;

test_support::test_protection_domain! {
    system: "hostile-vf",
    tests: [
        world::everybody_works,
        memory::memory_of_others_is_out_of_reach,
        memory::a_read_brings_nothing_of_others,
        network::frames_from_elsewhere,
        network::frames_to_elsewhere,
        interrupts::own_interrupt_arrives,
        interrupts::interrupts_of_others,
        resets::a_card_resets_itself_in_the_middle,
        resets::it_is_reset_in_the_middle,
        revocation::a_revoked_card_writes_nothing,
        revocation::a_revoked_controller_writes_nothing,
        flood::more_than_a_hundred_thousand_faults,
        flood::whoever_is_quarantined_may_ring_for_ever,
        world::everybody_has_worked,
    ],
}
