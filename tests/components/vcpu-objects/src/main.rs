// SPDX-License-Identifier: BSD-2-Clause
//! The initial task itself. It makes virtual CPUs, extended page tables and threads, and deletes,
//! moves and unmaps them while guests run: what no protection domain is allowed to do.
#![no_std]
#![no_main]

mod guest;
mod lifetime;
mod mappings;
mod pages;
mod state;
mod thread;
mod world;

use sel4::BootInfoPtr;
use sel4_root_task::{Never, delete_self, root_task};
use sel4_test::{Suite, suite};

use lifetime::*;
use mappings::*;
use pages::*;
use state::*;
use world::World;

const SUITE: Suite<World> = suite!(
    "vcpu-objects",
    [
        a_guest_without_memory_finds_none,
        a_guest_in_a_large_page,
        events_go_on_where_their_tables_are_missing,
        what_is_unmapped_is_gone,
        a_mapping_goes_with_its_capability,
        what_is_unmapped_is_gone_for_a_running_guest,
        a_deleted_table_takes_a_running_guests_memory,
        a_deleted_pool_takes_a_running_guests_memory,
        a_deleted_vcpu_is_written_no_more,
        a_vcpu_that_another_core_deleted_is_written_no_more,
        a_deleted_vcpu_gives_its_number_back,
        a_guest_ends_with_its_vcpu,
        a_guest_ends_when_its_vcpu_is_given_away,
        a_guest_ends_with_its_thread,
        a_deleted_thread_is_written_no_more,
        exits_are_told_while_the_thread_is_stopped,
        debug_registers_are_the_guests_own,
    ]
);

#[root_task]
fn main(bootinfo: &BootInfoPtr) -> Never {
    match World::new(bootinfo) {
        Some(mut world) => {
            SUITE.run(&mut world, sel4::debug_put_string);
        }
        None => sel4_root_task::debug_println!("there is no memory to test with"),
    }
    delete_self()
}
