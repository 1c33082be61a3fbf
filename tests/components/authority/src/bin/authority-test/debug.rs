// SPDX-License-Identifier: BSD-2-Clause
//! System calls for debugging, which everybody can make on a debugging kernel: they may annoy, not
//! harm.

use authority_tests::Order;
use sel4::Fault;
use sel4_test::{TestResult, check_matches};

use crate::suspect::{order, try_order};

/// Slots of the child: nothing, and its signal to its parent.
const NOTHING: u64 = 500;
const SIGNAL: u64 = 10 + 1;

pub fn halt_stops_only_who_calls_it() -> TestResult {
    for order in [Order::DebugHalt, Order::DebugSnapshot] {
        check_matches!(try_order(order, 0)?, Some(Fault::UnknownSyscall(_)));
    }
    order(Order::Probe, 0)
}

pub fn naming_what_is_no_thread() -> TestResult {
    for address in [NOTHING, SIGNAL, u64::MAX] {
        check_matches!(try_order(Order::DebugName, address)?, None);
    }
    order(Order::Probe, 0)
}

pub fn kernel_runs_no_code_for_others() -> TestResult {
    check_matches!(
        try_order(Order::DebugRun, 0)?,
        Some(Fault::UnknownSyscall(_))
    );
    order(Order::Probe, 0)
}
