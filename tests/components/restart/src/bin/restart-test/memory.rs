// SPDX-License-Identifier: BSD-2-Clause
//! Memory after a restart.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check_eq};
use test_support::event::wait_for;

use crate::phoenix::{channel, notes, restart};

pub fn variables_and_heap_are_pristine() -> TestResult {
    wait_for(channel())?;
    check_eq!(notes().damage.load(SeqCst), 0, "at the first start");
    restart()?;
    restart()
}

pub fn hundred_restarts_in_a_row() -> TestResult {
    let boots = notes().boots.load(SeqCst);
    for _ in 0..100 {
        restart()?;
    }
    check_eq!(notes().boots.load(SeqCst), boots + 100);
    Ok(())
}
