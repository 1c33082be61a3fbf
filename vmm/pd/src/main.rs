// SPDX-License-Identifier: BSD-2-Clause
//! The virtual machine monitor: runs one guest on the virtual CPU of this protection domain.
//!
//! What it needs in `system.xml`, and what a guest sees, is in docs/guests.md.
#![no_std]
#![no_main]

mod apic;
mod backend;
mod bus;
mod config;
mod cpu;
mod end;
mod function;
mod machine;
mod run;
mod time;
mod tty;

use console_interface::own_stream;
use sel4_microkit::protection_domain;

use config::Config;
use run::Vmm;
use time::Time;

/// For the ACPI tables, and what functions on the PCI bus keep.
const HEAP: usize = 0x4_0000;

#[protection_domain(heap_size = HEAP)]
fn init() -> Vmm {
    let console = own_stream!();
    let Some(config) = Config::take() else {
        panic!("system.xml gives no memory for a guest: setvar guest_ram and guest_ram_size");
    };
    match Time::new(config.timer) {
        Ok(time) => Vmm::new(config, console, time),
        Err(error) => panic!("the timer does not answer: {error}"),
    }
}
