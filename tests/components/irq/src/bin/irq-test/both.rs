// SPDX-License-Identifier: BSD-2-Clause
//! Two interrupts of one protection domain.

use sel4_test::{TestResult, check, check_eq};
use test_support::event::{poll, wait_any};

use crate::{clock, edge};

pub fn two_interrupts_in_one_notification() -> TestResult {
    let mut clock = clock()?;
    edge::start()?;
    clock.arm()?;
    clock.let_pass();
    edge::let_pass(2)?;
    let came = wait_any()?;
    check!(came.contains(clock.irq), "the HPET's is missing");
    check!(
        came.contains(edge::irq()),
        "the real-time clock's is missing"
    );
    edge::rtc().stop()?;
    check!(clock.quiet());
    clock.irq.irq_ack()?;
    edge::irq().irq_ack()?;
    check_eq!(poll(), 0, "one came again");
    Ok(())
}

pub fn one_waits_while_the_other_is_served() -> TestResult {
    let mut clock = clock()?;
    edge::start()?;
    // The real-time clock's interrupt stays unacknowledged; the HPET's comes nevertheless.
    edge::let_pass(2)?;
    check_eq!(poll(), 1 << edge::irq().index());
    for _ in 0..20 {
        clock.arm()?;
        clock.wait()?;
        check!(clock.quiet());
        clock.irq.irq_ack()?;
    }
    edge::let_pass(2)?;
    check_eq!(poll(), 0, "the real-time clock's came unacknowledged");
    edge::rtc().stop()?;
    edge::irq().irq_ack()?;
    Ok(())
}
