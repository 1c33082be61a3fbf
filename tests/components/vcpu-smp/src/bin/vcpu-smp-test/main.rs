// SPDX-License-Identifier: BSD-2-Clause
//! Runs guests on the second core.
#![no_std]
#![no_main]

mod far;
mod state;

use sel4_microkit::{NullHandler, memory_region_symbol, protection_domain};
use sel4_test::{Failure, Suite, fail, suite};
use sel4_vcpu::{Context, Vcpu};
use test_guests::{Lab, MEMORY, Memory, Mode};

use far::*;
use state::*;

const SUITE: Suite<Lab> = suite!(
    "vcpu-smp",
    [
        registers_go_in_and_out,
        swapgs_stays_in_the_guest,
        system_calls_stay_in_the_guest,
        the_fpu_is_the_guests_own,
        notifications_are_not_lost_in_exits,
        notifications_are_not_lost_in_guests,
        interrupts_are_posted_to_a_running_guest,
        exits_are_told_while_somebody_looks,
    ]
);

/// Loads a program for 64-bit mode.
fn load(lab: &mut Lab, program: &[u8]) -> Result<Context, Failure> {
    match lab.load(Mode::Long, program) {
        Ok(context) => Ok(context),
        Err(error) => fail!("the guest cannot be set up: {error}"),
    }
}

#[protection_domain]
fn init() -> NullHandler {
    let region = memory_region_symbol!(guest_vaddr: *mut [u8], n = MEMORY);
    // SAFETY: the region is mapped for good, and nothing else refers to it.
    let memory = unsafe { Memory::new(region) };
    SUITE.run_in_system(&mut Lab::new(Vcpu::new(0), memory));
    NullHandler::new()
}
