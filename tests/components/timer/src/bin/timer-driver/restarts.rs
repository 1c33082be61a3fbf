// SPDX-License-Identifier: BSD-2-Clause
//! What clients see when the timer is started anew.

use core::sync::atomic::Ordering;

use sel4_test::{TestResult, check, check_eq};
use timer_interface::Error;
use timer_tests::{Counts, STORM as CRASHES};

use crate::context::{CALLER, CRASH, Context, STORM, TIMER, ms};

pub fn a_crash_is_told_and_time_outs_can_be_set_again(context: &mut Context) -> TestResult {
    context.timer.every(0, ms(100))?;
    // The breaker and the monitor run at once: their priorities are higher.
    CRASH.notify();
    context.wait(TIMER);
    check_eq!(context.timer.expired(), Err(Error::Restarted));
    check_eq!(context.timer.expired()?.bits(), 0);
    let others = context.sleep(ms(150))?;
    check!(
        others.is_empty(),
        "a time-out of before the restart: {others:?}"
    );
    context.timer.every(0, ms(2))?;
    check!(context.ended()?.iter().eq([0]));
    context.timer.cancel(0)?;
    Ok(())
}

pub fn time_goes_on_over_a_crash(context: &mut Context) -> TestResult {
    let before = context.timer.now()?;
    CRASH.notify();
    check_eq!(context.timer.now(), Err(Error::Restarted));
    let after = context.timer.now()?;
    check!(after > before, "{after:?} after {before:?}");
    Ok(())
}

pub fn a_client_survives_crashes_in_the_middle_of_its_calls(context: &mut Context) -> TestResult {
    let counts = context.counts;
    counts.run.store(1, Ordering::SeqCst);
    CALLER.notify();
    STORM.notify();
    context.wait(STORM);
    let calls = Counts::get(&counts.calls);
    check!(calls > 0, "the caller did not get to call");
    check_eq!(context.timer.now(), Err(Error::Restarted));
    context.sleep(ms(50))?;
    counts.run.store(0, Ordering::SeqCst);
    let restarts = Counts::get(&counts.restarts);
    check_eq!(Counts::get(&counts.errors), 0, "calls that failed");
    check!(
        restarts > 0 && restarts <= CRASHES,
        "{restarts} calls told of {CRASHES} crashes"
    );
    check!(
        Counts::get(&counts.calls) > calls,
        "the caller does not call any more"
    );
    Ok(())
}
