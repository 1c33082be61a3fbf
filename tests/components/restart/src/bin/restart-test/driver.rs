// SPDX-License-Identifier: BSD-2-Clause
//! Restart of a driver between interrupt and acknowledgement.

use core::sync::atomic::Ordering::SeqCst;

use sel4_microkit::{Channel, Child, var};
use sel4_test::{TestResult, check, check_eq};
use test_support::event::wait_for;

use crate::phoenix::notes;

/// Id of the child `driver` in system.xml.
const DRIVER: Child = Child::new(3);

pub fn interrupts_outlive_their_driver() -> TestResult {
    let channel = Channel::new(*var!(driver_channel: usize = 0));
    notes().driver_enabled.store(1, SeqCst);
    DRIVER.restart()?;
    for boot in 3..=7 {
        wait_for(channel)?;
        let before = notes().interrupts.load(SeqCst);
        DRIVER.restart()?;
        wait_for(channel)?;
        check_eq!(notes().driver_boots.load(SeqCst), boot);
        check!(notes().interrupts.load(SeqCst) >= before + 8);
    }
    DRIVER.stop()?;
    Ok(())
}
