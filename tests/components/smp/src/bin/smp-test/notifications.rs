// SPDX-License-Identifier: BSD-2-Clause
//! Notifications across cores.

use core::sync::atomic::Ordering::SeqCst;

use sel4_test::{TestResult, check, check_eq};
use smp_tests::Order;
use test_support::{cpu::spin_until, event::wait_for};

use crate::{
    cores::LONG,
    peers::{far, many, order, shared},
};

pub fn there_and_back() -> TestResult {
    let before = shared().notifications.load(SeqCst);
    let rounds = many(|_| {
        order(Order::Answer, 0);
        Ok(wait_for(far())?)
    })?;
    check_eq!(shared().notifications.load(SeqCst), before + rounds);
    Ok(())
}

pub fn last_one_is_never_lost() -> TestResult {
    const ROUNDS: u64 = 10_000;
    let before = shared().notifications.load(SeqCst);
    shared().give(Order::Watch, 0);
    for number in 1..=ROUNDS {
        shared().sequence.store(number, SeqCst);
        far().notify();
        // Now and then let it catch up, so that it falls asleep again and again.
        if number % 32 == 0 {
            let seen = spin_until(LONG, || shared().seen.load(SeqCst) == number);
            check!(seen, "the notification of number {number} was lost");
        }
    }
    let came = shared().notifications.load(SeqCst) - before;
    check!(
        (ROUNDS / 32..=ROUNDS).contains(&came),
        "{came} notifications came"
    );
    Ok(())
}
