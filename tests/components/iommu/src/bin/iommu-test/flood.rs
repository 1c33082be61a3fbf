// SPDX-License-Identifier: BSD-2-Clause
//! More faults than anybody wants to hear of.

use iommu_tests::{EDU, MANAGER, remappable};
use sel4_test::{TestResult, check, check_eq};
use test_support::cpu::cycles;

use crate::context::{Context, OWN_INDEX};

const FAULTS: u64 = 100_000;

/// Cycles that the manager may spend at once, twice.
const BURST: u64 = 1 << 26;

/// Has the device send its message so many times; how many cycles that took.
fn send(context: &mut Context, times: u64) -> u64 {
    let start = cycles();
    for _ in 0..times {
        context.bench.edu.again();
    }
    cycles() - start
}

pub fn many_faults_leave_time_for_others() -> TestResult {
    let mut context = Context::new()?;
    let faults_before = context.manager.query(EDU)?.faults;
    // What it costs this program alone: the entry of a device in quarantine reports nothing.
    context.manager.bind(EDU, OWN_INDEX)?;
    context.manager.quarantine(EDU)?;
    let (address, data) = remappable(OWN_INDEX);
    context.bench.edu.interrupt(address, data);
    let silent = send(&mut context, FAULTS);
    check_eq!(context.manager.query(EDU)?.faults, faults_before);

    // An index beyond the table: no entry of the device's own can silence it.
    let (address, data) = remappable(0x7fff);
    context.manager.detach(EDU)?;
    context.manager.attach(EDU)?;
    context.bench.edu.interrupt(address, data);
    let flooded = send(&mut context, FAULTS);
    check!(
        flooded < silent + silent / 4 + BURST,
        "{FAULTS} faults took {flooded} cycles, as many silent ones {silent}"
    );

    // It was told of once, and the manager looked away when its time was up.
    let record = context.manager.next_fault()?;
    check_eq!(record.fault.requester, EDU);
    let rest = context.manager.next_fault()?;
    check_eq!(rest.number, 0);
    let counters = context.manager.counters()?;
    check!(
        counters.faults > 1,
        "hardware told of {} only",
        counters.faults
    );
    context
        .bench
        .pass(core::time::Duration::from_millis(rest.again_ms.max(1)))?;
    check!(context.bench.took(MANAGER), "the manager did not notify");

    // All is as before.
    context.manager.detach(EDU)?;
    context.manager.attach(EDU)?;
    context.manager.bind(EDU, OWN_INDEX)?;
    let (address, data) = remappable(OWN_INDEX);
    check_eq!(context.bench.interrupt(address, data)?, (true, false));
    Ok(())
}
