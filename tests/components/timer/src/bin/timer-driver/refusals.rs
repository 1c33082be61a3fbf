// SPDX-License-Identifier: BSD-2-Clause
//! What the timer refuses.

use core::time::Duration;

use sel4_microkit::{MessageInfo, with_msg_regs, with_msg_regs_mut};
use sel4_test::{TestResult, check_eq};
use timer_interface::{Error, MIN_PERIOD_NS, Operation, Reply, Request, Status, TIMEOUTS};

use crate::context::{Context, TIMER, ms};

pub fn the_ninth_time_out_is_refused(context: &mut Context) -> TestResult {
    let refused = Err(Error::Refused(Status::Timeout));
    check_eq!(context.timer.after(TIMEOUTS, ms(1)), refused);
    check_eq!(context.timer.cancel(TIMEOUTS), refused);
    check_eq!(context.timer.after(usize::MAX, ms(1)), refused);
    Ok(())
}

pub fn a_period_that_is_too_short_is_refused(context: &mut Context) -> TestResult {
    let short = Duration::from_nanos(MIN_PERIOD_NS - 1);
    check_eq!(
        context.timer.every(0, short),
        Err(Error::Refused(Status::Range))
    );
    let long = Duration::from_secs(1 << 40);
    check_eq!(context.timer.after(0, long), Err(Error::Duration));
    let long = Duration::from_nanos(u64::MAX);
    check_eq!(
        context.timer.after(0, long),
        Err(Error::Refused(Status::Range))
    );
    Ok(())
}

/// The status of the answer to these words.
fn status(words: &[u64], count: usize) -> u16 {
    with_msg_regs_mut(|registers| registers[..words.len()].copy_from_slice(words));
    TIMER.pp_call(MessageInfo::new(0, count));
    with_msg_regs(|registers| Reply::from_words([registers[0], registers[1], registers[2]]).status)
}

pub fn malformed_requests_are_refused(context: &mut Context) -> TestResult {
    let good = Request::new(Operation::Clock).to_words();
    check_eq!(status(&good, 3), Status::Ok as u16);
    for count in [0, 1, 2, 4, 64, 120] {
        check_eq!(
            status(&good, count),
            Status::Version as u16,
            "{count} words"
        );
    }
    let other = Request {
        version: 9,
        ..Request::new(Operation::Clock)
    };
    check_eq!(status(&other.to_words(), 3), Status::Version as u16);
    check_eq!(status(&[u64::MAX; 3], 3), Status::Version as u16);
    let unknown = Request {
        operation: 77,
        ..Request::new(Operation::Clock)
    };
    check_eq!(status(&unknown.to_words(), 3), Status::Operation as u16);
    // And the timer still works.
    context.sleep(ms(1))?;
    Ok(())
}
