// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts of the real-time clock through an I/O APIC pin, as the ticker sees them.

use ipc_tests::ticker;
use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, TICKER, answer, call};

/// Interrupts that the ticker has seen.
fn seen() -> u64 {
    call(TICKER, ticker::COUNT, &[]);
    let [seen] = answer();
    seen
}

/// Waits for some milliseconds, in which programs of lower priority may run.
pub fn wait_for_ticks(context: &mut Context) {
    ticks(context, ticker::ACK);
}

fn ticks(context: &mut Context, mode: u64) {
    call(TICKER, mode, &[]);
    context.wait(TICKER);
    call(TICKER, ticker::STOP, &[]);
}

fn wait_for_enough(context: &mut Context, mode: u64) -> TestResult {
    ticks(context, mode);
    check!(seen() >= ticker::ENOUGH, "{} interrupts", seen());
    Ok(())
}

pub fn an_interrupt_comes_after_each_acknowledgement(context: &mut Context) -> TestResult {
    wait_for_enough(context, ticker::ACK)
}

pub fn an_interrupt_comes_after_a_deferred_acknowledgement(context: &mut Context) -> TestResult {
    wait_for_enough(context, ticker::DEFER_ACK)
}

pub fn no_interrupt_comes_without_acknowledgement(context: &mut Context) -> TestResult {
    call(TICKER, ticker::NO_ACK, &[]);
    context.wait(TICKER);
    call(TICKER, ticker::WATCH, &[]);
    // A signal that came during that call is taken by the ticker before the next call.
    let seen = seen();
    call(TICKER, ticker::STOP, &[]);
    check_eq!(seen, 1);
    Ok(())
}
