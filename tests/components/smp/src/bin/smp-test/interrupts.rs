// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts of a driver on another core.

use core::sync::atomic::Ordering::SeqCst;

use sel4_microkit::{Channel, var};
use sel4_test::{TestResult, check, check_eq};
use test_support::{cpu::apic_id, event::wait_for};

use crate::peers::shared;

pub fn go_to_a_driver_on_another_core() -> TestResult {
    const INTERRUPTS: u64 = 200;
    let driver = Channel::new(*var!(driver_channel: usize = 0));
    shared().rounds.store(INTERRUPTS, SeqCst);
    driver.notify();
    wait_for(driver)?;
    check_eq!(shared().interrupts.load(SeqCst), INTERRUPTS);
    let core = shared().interrupt_core.load(SeqCst);
    check!(core != 0 && core != u64::from(apic_id()) + 1, "core {core}");
    Ok(())
}
