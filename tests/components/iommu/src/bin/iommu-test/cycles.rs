// SPDX-License-Identifier: BSD-2-Clause
//! Granting and revoking again and again.

use iommu_manager_interface::Counters;
use iommu_tests::EDU;
use sel4_test::{TestResult, check_eq};

use crate::context::{Context, OWN_INDEX};

const CYCLES: usize = 1000;

pub fn a_thousand_grants_leak_nothing() -> TestResult {
    let Context { manager, .. } = Context::new()?;
    manager.detach(EDU)?;
    let used = |counters: Counters| (counters.pages, counters.interrupts, counters.domains);
    let before = used(manager.counters()?);
    for _ in 0..CYCLES {
        manager.attach(EDU)?;
        manager.bind(EDU, OWN_INDEX)?;
        manager.detach(EDU)?;
    }
    check_eq!(used(manager.counters()?), before);
    Ok(())
}
