// SPDX-License-Identifier: BSD-2-Clause
//! Orders its children to fault and checks what the kernel tells about it.
#![no_std]
#![no_main]

mod exceptions;
mod family;
mod memory;
mod subject;
mod syscalls;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "fault",
    tests: [
        memory::read_of_an_unmapped_page,
        memory::write_to_an_unmapped_page,
        memory::jump_to_an_unmapped_page,
        memory::null_pointer,
        memory::kernel_address,
        memory::beyond_the_end_of_a_region,
        memory::write_to_a_read_only_region,
        memory::write_to_read_only_data,
        memory::stack_overflow_into_the_guard_page,
        exceptions::division_by_zero,
        exceptions::invalid_opcode,
        exceptions::privileged_instructions,
        exceptions::port_without_a_capability,
        exceptions::address_that_is_not_canonical,
        exceptions::answer_moves_the_child,
        syscalls::unknown_number,
        syscalls::send_to_no_capability,
        syscalls::receive_from_no_capability,
        family::right_child_among_several,
        family::grandchild_faults_to_its_parent,
        family::other_children_go_on,
        family::monitor_takes_the_faults_of_an_orphan,
    ],
}
