// SPDX-License-Identifier: BSD-2-Clause
//! How late time-outs end, with and without others that use the timer.

use core::sync::atomic::Ordering;
use core::time::Duration;

use sel4_microkit::debug_println;
use sel4_test::{Failure, TestResult, check};
use timer_tests::Counts;

use crate::context::{Context, FLOODER, ms};

/// What is late by more than this was forgotten. It is long since an emulator on a busy host stops
/// for that long now and then.
const TOO_LATE: Duration = ms(500);

/// Waits several times, and returns the shortest and the longest lateness.
fn lateness(context: &mut Context) -> Result<(Duration, Duration), Failure> {
    let (mut least, mut most) = (Duration::MAX, Duration::ZERO);
    for round in 0..20 {
        let end = context.timer.now()? + ms(3) + Duration::from_micros(37) * round;
        context.timer.at(0, end)?;
        context.ended()?;
        let now = context.timer.now()?;
        let Some(late) = now.checked_sub(end) else {
            sel4_test::fail!("{:?} too early", end - now)
        };
        least = least.min(late);
        most = most.max(late);
    }
    Ok((least, most))
}

pub fn ends_are_in_time(context: &mut Context) -> TestResult {
    let (least, most) = lateness(context)?;
    debug_println!("timer: late by {least:?} to {most:?}");
    check!(least < ms(5), "never better than {least:?}");
    check!(most < TOO_LATE, "{most:?}");
    Ok(())
}

pub fn a_flooding_client_does_not_delay_another(context: &mut Context) -> TestResult {
    let before = Counts::get(&context.counts.ends);
    context.counts.run.store(1, Ordering::SeqCst);
    FLOODER.notify();
    let result = lateness(context);
    context.counts.run.store(0, Ordering::SeqCst);
    FLOODER.notify();
    context.sleep(ms(20))?;
    let (least, most) = result?;
    let ends = Counts::get(&context.counts.ends) - before;
    debug_println!("timer: late by {least:?} to {most:?} among {ends} ends of another client");
    check!(ends > 100, "only {ends} ends of the flooder");
    check!(least < ms(5), "never better than {least:?}");
    check!(most < TOO_LATE, "{most:?}");
    let after = Counts::get(&context.counts.ends);
    context.sleep(ms(10))?;
    check!(Counts::get(&context.counts.ends) == after, "it stopped");
    Ok(())
}
