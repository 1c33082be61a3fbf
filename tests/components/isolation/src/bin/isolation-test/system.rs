// SPDX-License-Identifier: BSD-2-Clause
//! Whom the tests work with.

use core::sync::atomic::Ordering::SeqCst;

use isolation_tests::{Shared, work};
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::{TestResult, check_eq};
use test_support::event::{settle, wait_for};

/// The page that all share.
pub fn shared() -> &'static Shared {
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { memory_region_symbol!(shared: *mut Shared).as_ref() }
}

/// Loops at the lowest priority but one.
pub fn low_looper() -> Channel {
    Channel::new(*var!(low_looper_channel: usize = 0))
}

/// Loops at the worker's priority.
pub fn same_looper() -> Channel {
    Channel::new(*var!(same_looper_channel: usize = 0))
}

/// Logs at the worker's priority.
pub fn flooder() -> Channel {
    Channel::new(*var!(flooder_channel: usize = 0))
}

/// Woken by interrupts at the highest priority.
pub fn urgent() -> Channel {
    Channel::new(*var!(urgent_channel: usize = 0))
}

/// Answers when nobody else has anything to do.
pub fn echo() -> Channel {
    Channel::new(*var!(echo_channel: usize = 0))
}

/// Lets the worker do its work, and checks it.
pub fn work_is_done() -> TestResult {
    let worker = Channel::new(*var!(worker_channel: usize = 0));
    let before = shared().work.load(SeqCst);
    shared().result.store(0, SeqCst);
    worker.notify();
    wait_for(worker)?;
    check_eq!(shared().work.load(SeqCst), before + 1);
    check_eq!(shared().result.load(SeqCst), work());
    Ok(())
}

/// While `disturbers` disturb, does `test`; then waits until they have ended.
pub fn with(disturbers: &[Channel], test: impl FnOnce() -> TestResult) -> TestResult {
    shared().disturb.store(1, SeqCst);
    disturbers.iter().for_each(Channel::notify);
    let outcome = test();
    shared().disturb.store(0, SeqCst);
    settle(echo())?;
    outcome
}
