// SPDX-License-Identifier: BSD-2-Clause
//! When time-outs end.

use core::time::Duration;

use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, OrFail, ms};

pub fn the_clock_never_goes_back(context: &mut Context) -> TestResult {
    let first = context.timer.now().or_fail("now")?;
    let mut before = first;
    for _ in 0..1_000 {
        let now = context.timer.now().or_fail("now")?;
        check!(now >= before, "{now:?} after {before:?}");
        before = now;
    }
    check!(before > first, "it stands still at {first:?}");
    Ok(())
}

pub fn a_one_shot_ends_once(context: &mut Context) -> TestResult {
    let start = context.timer.now().or_fail("now")?;
    context.timer.after(2, ms(10)).or_fail("after")?;
    let expired = context.ended().or_fail("ended")?;
    let elapsed = context.timer.now().or_fail("now")? - start;
    check!(expired.iter().eq([2]), "{expired:?}");
    check!(elapsed >= ms(10), "after {elapsed:?} only");
    let others = context.sleep(ms(30)).or_fail("sleep")?;
    check!(others.is_empty(), "again: {others:?}");
    Ok(())
}

pub fn a_delay_of_nothing_ends_at_once(context: &mut Context) -> TestResult {
    context.timer.after(0, Duration::ZERO).or_fail("after")?;
    check!(context.ended().or_fail("ended")?.iter().eq([0]));
    Ok(())
}

pub fn a_moment_in_the_past_ends_at_once(context: &mut Context) -> TestResult {
    context.timer.at(1, Duration::ZERO).or_fail("at")?;
    check!(context.ended().or_fail("ended")?.iter().eq([1]));
    let soon = context.timer.now().or_fail("now")? + ms(5);
    context.timer.at(1, soon).or_fail("at")?;
    check!(context.ended().or_fail("ended")?.iter().eq([1]));
    check!(context.timer.now().or_fail("now")? >= soon);
    Ok(())
}

pub fn a_period_ends_again_and_again(context: &mut Context) -> TestResult {
    let start = context.timer.now().or_fail("now")?;
    context.timer.every(3, ms(5)).or_fail("every")?;
    for round in 1..=10u32 {
        check!(context.ended().or_fail("ended")?.iter().eq([3]));
        let elapsed = context.timer.now().or_fail("now")? - start;
        check!(elapsed >= ms(5) * round, "round {round} after {elapsed:?}");
    }
    context.timer.cancel(3).or_fail("cancel")?;
    let others = context.sleep(ms(20)).or_fail("sleep")?;
    check!(others.is_empty(), "after it was cancelled: {others:?}");
    Ok(())
}

pub fn a_cancelled_time_out_does_not_end(context: &mut Context) -> TestResult {
    context.timer.after(0, ms(5)).or_fail("after")?;
    context.timer.cancel(0).or_fail("cancel")?;
    check_eq!(context.sleep(ms(20)).or_fail("sleep")?.bits(), 0);
    // One that ended, but was not asked for, is forgotten too.
    context.timer.after(0, Duration::ZERO).or_fail("after")?;
    context.timer.cancel(0).or_fail("cancel")?;
    check_eq!(context.sleep(ms(5)).or_fail("sleep")?.bits(), 0);
    Ok(())
}

pub fn time_outs_end_in_their_order(context: &mut Context) -> TestResult {
    // A number of each time-out, in the order in which they are to end.
    let order = [5, 2, 7, 0, 3];
    let start = context.timer.now().or_fail("now")?;
    for (turn, timeout) in order.into_iter().enumerate().rev() {
        let end = start + ms(20) * (turn as u32 + 1);
        context.timer.at(timeout, end).or_fail("at")?;
    }
    let mut seen = 0u32;
    for (turn, timeout) in (1..).zip(order) {
        // Where this program gets the processor too late, several have ended at once.
        while seen & 1 << timeout == 0 {
            seen |= context.ended().or_fail("ended")?.bits();
        }
        let now = context.timer.now().or_fail("now")?;
        check!(
            now >= start + ms(20) * turn,
            "{timeout} at {:?}",
            now - start
        );
    }
    Ok(())
}

pub fn setting_again_replaces(context: &mut Context) -> TestResult {
    context.timer.after(4, ms(5)).or_fail("after")?;
    context.timer.after(4, ms(40)).or_fail("after")?;
    check_eq!(context.sleep(ms(20)).or_fail("sleep")?.bits(), 0);
    check!(context.ended().or_fail("ended")?.iter().eq([4]));
    Ok(())
}

pub fn a_long_time_out_does_not_end_early(context: &mut Context) -> TestResult {
    // Further away than half the range of the HPET's comparator.
    context
        .timer
        .after(0, Duration::from_secs(1_000_000))
        .or_fail("after")?;
    check_eq!(context.sleep(ms(50)).or_fail("sleep")?.bits(), 0);
    context.timer.cancel(0).or_fail("cancel")?;
    Ok(())
}
