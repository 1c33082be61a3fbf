// SPDX-License-Identifier: BSD-2-Clause
//! Work gets done whatever others do.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check, check_eq};

use crate::system::{flooder, low_looper, same_looper, shared, with, work_is_done};

pub fn fault_stops_nobody_else() -> TestResult {
    // The faulter has a higher priority than the worker: it has faulted by the time that the first
    // piece of work is done.
    work_is_done()?;
    work_is_done()
}

pub fn loop_of_low_priority_takes_no_time() -> TestResult {
    with(&[low_looper()], || {
        for _ in 0..3 {
            work_is_done()?;
            check_eq!(
                shared().disturbance.load(SeqCst),
                0,
                "rounds while the worker worked"
            );
        }
        Ok(())
    })
}

pub fn loop_of_same_priority_takes_its_share() -> TestResult {
    let rounds = shared().same_rounds.load(SeqCst);
    with(&[same_looper()], || {
        for _ in 0..3 {
            work_is_done()?;
        }
        check!(
            shared().same_rounds.load(SeqCst) > rounds,
            "the loop has not run"
        );
        Ok(())
    })
}

pub fn flood_of_logging_takes_its_share() -> TestResult {
    let lines = shared().lines.load(SeqCst);
    with(&[flooder()], || {
        work_is_done()?;
        check!(shared().lines.load(SeqCst) > lines, "nothing was logged");
        Ok(())
    })
}

pub fn all_at_once() -> TestResult {
    with(&[flooder(), low_looper(), same_looper()], work_is_done)
}
