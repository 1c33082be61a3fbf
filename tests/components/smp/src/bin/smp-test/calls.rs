// SPDX-License-Identifier: BSD-2-Clause
//! Protected procedures across cores.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check, check_eq};
use smp_tests::Order;
use test_support::event::wait_for;

use crate::peers::{call, far, far_server, many, near_server, order, shared};

pub fn across_cores() -> TestResult {
    let before = shared().calls.load(SeqCst);
    many(|number| {
        let answer = call(far_server(), number);
        check_eq!(
            (answer.calls, answer.next),
            (before + number + 1, number + 1)
        );
        Ok(())
    })?;
    Ok(())
}

pub fn from_two_cores_to_one_server() -> TestResult {
    let before = shared().calls.load(SeqCst);
    // The server does not count atomically: it must never be in two calls at once.
    order(Order::CallServer, 1);
    let calls = many(|number| {
        check_eq!(call(near_server(), number).next, number + 1);
        Ok(())
    });
    shared().rounds.store(0, SeqCst);
    wait_for(far())?;
    let of_far = shared().far_calls.load(SeqCst);
    check!(of_far > 0, "the other core has called nobody");
    check_eq!(shared().calls.load(SeqCst), before + calls? + of_far);
    Ok(())
}
