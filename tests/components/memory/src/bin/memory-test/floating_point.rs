// SPDX-License-Identifier: BSD-2-Clause
//! SSE and x87 registers of two protection domains that preempt each other.

use core::sync::atomic::Ordering::SeqCst;

use memory_tests::Fpu;
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::{TestResult, check, check_eq};
use test_support::event::wait_for;

pub fn registers_outlive_preemption() -> TestResult {
    // SAFETY: the region is mapped for good and holds only atomics.
    let fpu: &Fpu = unsafe { memory_region_symbol!(fpu: *mut Fpu).as_ref() };
    let first = Channel::new(*var!(first_user: usize = 0));
    first.notify();
    Channel::new(*var!(second_user: usize = 0)).notify();
    // Each round lasts until the other has run: neither has to be waited for apart.
    wait_for(first)?;
    fpu.stop.store(1, SeqCst);
    let rounds = fpu.rounds.each_ref().map(|rounds| rounds.load(SeqCst));
    check!(
        rounds.iter().all(|rounds| *rounds >= 10),
        "{rounds:?} rounds"
    );
    let errors = fpu.errors.each_ref().map(|errors| errors.load(SeqCst));
    check_eq!(errors, [0, 0]);
    Ok(())
}
