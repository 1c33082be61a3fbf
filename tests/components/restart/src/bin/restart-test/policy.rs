// SPDX-License-Identifier: BSD-2-Clause
//! Restarts by the monitor, of a protection domain without parent.

use core::sync::atomic::Ordering::SeqCst;

use sel4_microkit::{Channel, var};
use sel4_test::{TestResult, check_eq};
use test_support::event::{drain, poll, settle, wait_for};

use crate::phoenix::{echo, notes};

/// What system.xml allows.
const RESTARTS: u64 = 3;

pub fn monitor_restarts_as_often_as_it_may() -> TestResult {
    let fragile = Channel::new(*var!(fragile_channel: usize = 0));
    drain();
    for restart in 1..=RESTARTS {
        fragile.notify();
        // It tells of each start.
        wait_for(fragile)?;
        check_eq!(notes().fragile_boots.load(SeqCst), 1 + restart);
    }
    for _ in 0..3 {
        fragile.notify();
        settle(echo())?;
        check_eq!(poll(), 0, "it was restarted once too often");
    }
    check_eq!(notes().fragile_boots.load(SeqCst), 1 + RESTARTS);
    Ok(())
}
