// SPDX-License-Identifier: BSD-2-Clause
//! On a machine that cannot be guarded: asks for a grant all the same, sets the device on memory,
//! and says how both went. What it says goes by the console, and it waits by the timer.
#![no_std]
#![no_main]

use console_interface::own_stream;
use iommu_manager_interface::{Manager, Refusal};
use iommu_tests::{ARENA, Bench, Direction, EDU, MANAGER, Memory};
use sel4_microkit::{NullHandler, protection_domain};
use sel4_test::Failure;

const UNTOUCHED: u64 = 0x7573_7573_7573_7573;

#[protection_domain]
fn init() -> NullHandler {
    own_stream!();
    if let Err(failure) = look() {
        log::error!("{failure}");
    }
    NullHandler::new()
}

fn look() -> Result<(), Failure> {
    let manager = Manager::new(MANAGER);
    let protection = manager.status()?;
    let refusal = Refusal::from_number(protection.refusal).unwrap_or(Refusal::Lacking);
    log::info!(
        "status: {refusal}; blocking {}, remapping {}",
        protection.blocking,
        protection.remapping
    );
    for (name, result) in [
        ("attach", manager.attach(EDU)),
        ("bind", manager.bind(EDU, 5)),
    ] {
        match result {
            Ok(()) => log::error!("{name}: done"),
            Err(error) => log::info!("{name}: {error}"),
        }
    }
    let mut bench = Bench::new()?;
    let mut arena = Memory::at(ARENA, 0x1000);
    arena.fill(UNTOUCHED);
    bench.transfer(Direction::Write, ARENA, 64)?;
    let reached = if arena.is(UNTOUCHED) {
        "reaches nothing"
    } else {
        "reaches memory"
    };
    log::info!("the device {reached}");
    Ok(())
}
