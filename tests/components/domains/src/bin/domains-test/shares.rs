// SPDX-License-Identifier: BSD-2-Clause
//! Who gets how much time.

use core::sync::atomic::Ordering::SeqCst;

use domains_tests::Shared;
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::{TestResult, check};
use test_support::{cpu::spin_until, event::wait_for};

/// Turns of each worker to measure.
const TURNS: u64 = 12;

/// Cycles within which that must have happened: half a minute on every machine.
const LONG: u64 = 100_000_000_000;

pub fn time_follows_the_schedule() -> TestResult {
    // SAFETY: the region is mapped for good and holds only atomics.
    let shared: &Shared = unsafe { memory_region_symbol!(shared: *mut Shared).as_ref() };
    let workers = [
        Channel::new(*var!(first_worker: usize = 0)),
        Channel::new(*var!(second_worker: usize = 0)),
    ];
    workers.iter().for_each(Channel::notify);
    // This protection domain spins, with the highest priority: the workers run nevertheless.
    let measured = spin_until(LONG, || {
        shared.gaps.iter().all(|gaps| gaps.load(SeqCst) >= TURNS)
    });
    shared.stop.store(1, SeqCst);
    check!(measured, "a worker had no {TURNS} turns");
    for worker in workers {
        wait_for(worker)?;
    }
    // system.xml gives the first worker 40 ms for every 10 ms of the second.
    let [first, second] = shared.cycles.each_ref().map(|cycles| cycles.load(SeqCst));
    let tenths = first * 10 / second.max(1);
    check!((28..=56).contains(&tenths), "{tenths} tenths instead of 40");
    Ok(())
}
