// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts that are not the device's.

use iommu_manager_interface::Access;
use iommu_tests::{EDU, remappable};
use sel4_test::{TestResult, check_eq};

use crate::context::{Context, FOREIGN_INDEX, OTHER, OWN_INDEX};

/// VT-d fault reasons.
const OUT_OF_RANGE: u8 = 0x21;
const NOT_PRESENT: u8 = 0x22;
const WRONG_SOURCE: u8 = 0x26;

/// The index of the timer's interrupt: the first that no device has.
const IO_APIC_INDEX: u16 = 0;

pub fn own_index_arrives() -> TestResult {
    let mut context = Context::new()?;
    context.manager.bind(EDU, OWN_INDEX)?;
    check_eq!(context.manager.query(EDU)?.interrupts, 1);
    let (address, data) = remappable(OWN_INDEX);
    for _ in 0..3 {
        check_eq!(context.bench.interrupt(address, data)?, (true, false));
    }
    Ok(())
}

/// Raises `index`, of which nothing must arrive, and checks the record.
fn overstep(context: &mut Context, index: u16, reason: u8) -> TestResult {
    let (address, data) = remappable(index);
    check_eq!(context.bench.interrupt(address, data)?, (false, false));
    let fault = context.expect_caught()?;
    check_eq!(
        (fault.access, fault.at),
        (Access::Interrupt as u8, index.into())
    );
    check_eq!(fault.reason, reason);
    Ok(())
}

pub fn foreign_index() -> TestResult {
    let mut context = Context::new()?;
    context.manager.bind(OTHER, FOREIGN_INDEX)?;
    let checked = overstep(&mut context, FOREIGN_INDEX, WRONG_SOURCE);
    context.manager.unbind(OTHER, FOREIGN_INDEX)?;
    checked
}

pub fn index_of_an_io_apic() -> TestResult {
    overstep(&mut Context::new()?, IO_APIC_INDEX, WRONG_SOURCE)
}

pub fn index_that_is_not_present() -> TestResult {
    overstep(&mut Context::new()?, 9, NOT_PRESENT)
}

pub fn index_out_of_range() -> TestResult {
    overstep(&mut Context::new()?, 0x7fff, OUT_OF_RANGE)
}

pub fn unbound_index_is_silent() -> TestResult {
    let mut context = Context::new()?;
    context.manager.bind(EDU, OWN_INDEX)?;
    context.manager.unbind(EDU, OWN_INDEX)?;
    overstep(&mut context, OWN_INDEX, NOT_PRESENT)
}
