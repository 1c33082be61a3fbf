// SPDX-License-Identifier: BSD-2-Clause
//! The tests, by what they look at.

pub mod access;
pub mod apic;
pub mod controls;
pub mod events;
pub mod failures;
pub mod fpu;
pub mod modes;
pub mod msrs;
pub mod registers;
pub mod vmcs;

use sel4_test::{Failure, fail};
use sel4_vcpu::{Context, Exit};
use test_guests::{Lab, Mode};

/// Loads a program for 64-bit mode.
fn load(lab: &mut Lab, program: &[u8]) -> Result<Context, Failure> {
    load_in(lab, Mode::Long, program)
}

fn load_in(lab: &mut Lab, mode: Mode, program: &[u8]) -> Result<Context, Failure> {
    match lab.load(mode, program) {
        Ok(context) => Ok(context),
        Err(error) => fail!("the guest cannot be set up: {error}"),
    }
}

/// Runs the guest until it exits.
fn run(lab: &Lab, context: &mut Context) -> Result<Exit, Failure> {
    match lab.run(context) {
        Some(exit) => Ok(exit),
        None => fail!("no virtual CPU"),
    }
}

/// Runs the guest behind the instruction that made it exit.
fn go_on(lab: &Lab, context: &mut Context) -> Result<Exit, Failure> {
    context.skip_instruction();
    run(lab, context)
}
