// SPDX-License-Identifier: BSD-2-Clause
//! Which core a protection domain runs on.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check, check_eq};
use smp_tests::Order;
use test_support::{
    cpu::{apic_id, spin_until},
    event::wait_for,
};

use crate::peers::{call, far, far_server, near_server, order, shared};

/// Cycles after which the other core must have done its part: seconds on every machine.
pub const LONG: u64 = 20_000_000_000;

pub fn protection_domains_run_where_they_should() -> TestResult {
    // `far` tells that it is up.
    wait_for(far())?;
    for _ in 0..10 {
        check_eq!(call(near_server(), 0).core, u64::from(apic_id()));
        let elsewhere = call(far_server(), 0).core;
        check!(
            elsewhere != u64::from(apic_id()),
            "the far server is on core {elsewhere}"
        );
    }
    Ok(())
}

pub fn both_run_at_the_same_time() -> TestResult {
    const ROUNDS: u64 = 10_000;
    // Neither waits in the kernel: were both on one core, each round would take two time slices.
    order(Order::Rally, ROUNDS);
    shared().rally(false);
    check!(spin_until(LONG, || shared().ball.load(SeqCst) >= ROUNDS));
    check_eq!(shared().ball.load(SeqCst), ROUNDS);
    Ok(())
}
