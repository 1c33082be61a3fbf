// SPDX-License-Identifier: BSD-2-Clause
//! Devices in memory: every form of instruction that reads or writes them.
//!
//! Most tests do the same to a word of memory, where the CPU does it, and to a register of a device,
//! where a monitor may have to: both must give the same. The register is the local APIC's initial
//! count, all of whose 32 bits can be read and written, and which does nothing while the timer is
//! masked. Widths other than 32 bits are tried on PCI's configuration space.
#![no_std]
#![no_main]

mod compare;
mod pages;
mod reads;

use bare::{Suite, suite};

use compare::*;
use pages::*;
use reads::*;

bare::guest!(main);

const SUITE: Suite<()> = suite!(
    "guest-mmio",
    [
        moves,
        all_registers,
        addressing,
        immediate_values,
        arithmetic,
        arithmetic_from_memory,
        comparisons,
        single_operand,
        exchanges,
        bits,
        conditional,
        strings_store,
        strings_load,
        strings_move,
        stack,
        widths_of_reads,
        extending_reads,
        quadword_reads,
        string_reads,
        segment_and_prefixes,
        another_page_size,
        another_address,
        instruction_across_pages,
        accessed_and_dirty,
        absent_memory,
    ]
);

fn main() -> ! {
    bare::run(&SUITE)
}
