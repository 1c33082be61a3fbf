// SPDX-License-Identifier: BSD-2-Clause
//! When time-outs end.

use core::time::Duration;

use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, ms};

pub fn the_clock_never_goes_back(context: &mut Context) -> TestResult {
    let first = context.timer.now()?;
    let mut before = first;
    for _ in 0..1_000 {
        let now = context.timer.now()?;
        check!(now >= before, "{now:?} after {before:?}");
        before = now;
    }
    check!(before > first, "it stands still at {first:?}");
    Ok(())
}

pub fn a_one_shot_ends_once(context: &mut Context) -> TestResult {
    let start = context.timer.now()?;
    context.timer.after(2, ms(10))?;
    let expired = context.ended()?;
    let elapsed = context.timer.now()? - start;
    check!(expired.iter().eq([2]), "{expired:?}");
    check!(elapsed >= ms(10), "after {elapsed:?} only");
    let others = context.sleep(ms(30))?;
    check!(others.is_empty(), "again: {others:?}");
    Ok(())
}

pub fn a_delay_of_nothing_ends_at_once(context: &mut Context) -> TestResult {
    context.timer.after(0, Duration::ZERO)?;
    check!(context.ended()?.iter().eq([0]));
    Ok(())
}

pub fn a_moment_in_the_past_ends_at_once(context: &mut Context) -> TestResult {
    context.timer.at(1, Duration::ZERO)?;
    check!(context.ended()?.iter().eq([1]));
    let soon = context.timer.now()? + ms(5);
    context.timer.at(1, soon)?;
    check!(context.ended()?.iter().eq([1]));
    check!(context.timer.now()? >= soon);
    Ok(())
}

pub fn a_period_ends_again_and_again(context: &mut Context) -> TestResult {
    let start = context.timer.now()?;
    context.timer.every(3, ms(5))?;
    for round in 1..=10u32 {
        check!(context.ended()?.iter().eq([3]));
        let elapsed = context.timer.now()? - start;
        check!(elapsed >= ms(5) * round, "round {round} after {elapsed:?}");
    }
    context.timer.cancel(3)?;
    let others = context.sleep(ms(20))?;
    check!(others.is_empty(), "after it was cancelled: {others:?}");
    Ok(())
}

pub fn a_cancelled_time_out_does_not_end(context: &mut Context) -> TestResult {
    context.timer.after(0, ms(5))?;
    context.timer.cancel(0)?;
    check_eq!(context.sleep(ms(20))?.bits(), 0);
    // One that ended, but was not asked for, is forgotten too.
    context.timer.after(0, Duration::ZERO)?;
    context.timer.cancel(0)?;
    check_eq!(context.sleep(ms(5))?.bits(), 0);
    Ok(())
}

pub fn time_outs_end_in_their_order(context: &mut Context) -> TestResult {
    // A number of each time-out, in the order in which they are to end.
    let order = [5, 2, 7, 0, 3];
    let start = context.timer.now()?;
    for (turn, timeout) in order.into_iter().enumerate().rev() {
        let end = start + ms(20) * (turn as u32 + 1);
        context.timer.at(timeout, end)?;
    }
    let mut seen = 0u32;
    for (turn, timeout) in (1..).zip(order) {
        // Where this program gets the processor too late, several have ended at once.
        while seen & 1 << timeout == 0 {
            seen |= context.ended()?.bits();
        }
        let now = context.timer.now()?;
        check!(
            now >= start + ms(20) * turn,
            "{timeout} at {:?}",
            now - start
        );
    }
    Ok(())
}

pub fn setting_again_replaces(context: &mut Context) -> TestResult {
    context.timer.after(4, ms(5))?;
    context.timer.after(4, ms(40))?;
    check_eq!(context.sleep(ms(20))?.bits(), 0);
    check!(context.ended()?.iter().eq([4]));
    Ok(())
}

pub fn a_long_time_out_does_not_end_early(context: &mut Context) -> TestResult {
    // Further away than half the range of the HPET's comparator.
    context.timer.after(0, Duration::from_secs(1_000_000))?;
    check_eq!(context.sleep(ms(50))?.bits(), 0);
    context.timer.cancel(0)?;
    Ok(())
}
