// SPDX-License-Identifier: BSD-2-Clause
//! Protected procedures across cores.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check_eq};
use smp_tests::Order;
use test_support::event::wait_for;

use crate::peers::{call, far, far_server, near_server, order, shared};

pub fn across_cores() -> TestResult {
    const CALLS: u64 = 2_000;
    let before = shared().calls.load(SeqCst);
    for number in 0..CALLS {
        let answer = call(far_server(), number);
        check_eq!(
            (answer.calls, answer.next),
            (before + number + 1, number + 1)
        );
    }
    Ok(())
}

pub fn from_two_cores_to_one_server() -> TestResult {
    const CALLS: u64 = 2_000;
    let before = shared().calls.load(SeqCst);
    // The server does not count atomically: it must never be in two calls at once.
    order(Order::CallServer, CALLS);
    for number in 0..CALLS {
        check_eq!(call(near_server(), number).next, number + 1);
    }
    wait_for(far())?;
    check_eq!(shared().calls.load(SeqCst), before + 2 * CALLS);
    Ok(())
}
