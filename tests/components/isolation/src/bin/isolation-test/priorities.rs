// SPDX-License-Identifier: BSD-2-Clause
//! Priorities are kept.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check, check_eq};
use test_support::event::{settle, wait_for};

use crate::system::{echo, low_looper, same_looper, shared, urgent, with};

pub fn start_in_the_order_of_priorities() -> TestResult {
    settle(echo())?;
    check_eq!(shared().started.load(SeqCst), 5);
    let order = shared()
        .order
        .each_ref()
        .map(|priority| priority.load(SeqCst));
    check_eq!(order, [253, 200, 120, 30, 7]);
    Ok(())
}

pub fn highest_priority_is_never_starved() -> TestResult {
    with(&[low_looper(), same_looper()], || {
        urgent().notify();
        wait_for(urgent())?;
        check_eq!(shared().interrupts.load(SeqCst), 256);
        check!(
            shared().same_rounds.load(SeqCst) > 0,
            "there was no loop to interrupt"
        );
        Ok(())
    })
}
