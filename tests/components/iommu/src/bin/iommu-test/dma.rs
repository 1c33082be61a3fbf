// SPDX-License-Identifier: BSD-2-Clause
//! DMA to where the device has no business.

use iommu_tests::{ARENA, Direction, KERNEL, MANAGER, Memory, READ_ONLY, TABLES, VICTIM};
use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, MARK, UNTOUCHED};

/// VT-d fault reasons: no right to write, no right to read.
const NO_WRITE: u8 = 5;
const NO_READ: u8 = 6;

pub fn write_to_another_clients_memory() -> TestResult {
    let fault = Context::new()?.overstep(Direction::Write, VICTIM + 0x10, 64)?;
    check_eq!((fault.reason, fault.at), (NO_WRITE, VICTIM));
    Ok(())
}

pub fn read_of_another_clients_memory() -> TestResult {
    let fault = Context::new()?.overstep(Direction::Read, VICTIM, 64)?;
    check_eq!((fault.reason, fault.at), (NO_READ, VICTIM));
    Ok(())
}

pub fn read_of_the_kernel() -> TestResult {
    let mut context = Context::new()?;
    let fault = context.overstep(Direction::Read, KERNEL, 0x1000)?;
    check_eq!((fault.reason, fault.at), (NO_READ, KERNEL));
    // Nor did it keep anything that it could pass on.
    context.manager.detach(iommu_tests::EDU)?;
    context.manager.attach(iommu_tests::EDU)?;
    context.bench.transfer(Direction::Write, ARENA, 0x1000)?;
    let passed_on = |word| word == MARK || word == 0 || word == u64::MAX;
    check!(
        Memory::at(ARENA, 0x1000).all(passed_on),
        "it knows something of the kernel"
    );
    Ok(())
}

pub fn write_to_the_tables_of_the_iommu() -> TestResult {
    // This program cannot see the tables. With the mark in its root entry, no grant on the bus
    // would work any more: the next tests would notice.
    let fault = Context::new()?.overstep(Direction::Write, TABLES, 64)?;
    check_eq!((fault.reason, fault.at), (NO_WRITE, TABLES));
    let fault = Context::new()?.overstep(Direction::Read, TABLES, 64)?;
    check_eq!((fault.reason, fault.at), (NO_READ, TABLES));
    Ok(())
}

pub fn write_to_what_may_only_be_read() -> TestResult {
    let mut context = Context::new()?;
    let mut memory = Memory::at(READ_ONLY, 0x1000);
    memory.fill(UNTOUCHED);
    let fault = context.overstep(Direction::Write, READ_ONLY, 64)?;
    check_eq!((fault.reason, fault.at), (NO_WRITE, READ_ONLY));
    check!(memory.is(UNTOUCHED), "it was written");

    let mut context = Context::new()?;
    context.bench.transfer(Direction::Read, READ_ONLY, 64)?;
    check!(!context.bench.took(MANAGER), "reading is allowed");
    // QEMU reports no fault where it has the translation from the read before.
    context.bench.transfer(Direction::Write, READ_ONLY, 64)?;
    check!(memory.is(UNTOUCHED), "it was written after a read");
    Ok(())
}

pub fn write_over_the_end_of_a_grant() -> TestResult {
    let mut context = Context::new()?;
    let end = ARENA + 0x2000;
    let behind = Memory::at(end, 0x1000).sum();
    context.bench.transfer(Direction::Write, end - 64, 128)?;
    check_eq!(
        Memory::at(end, 0x1000).sum(),
        behind,
        "what is behind it changed"
    );
    // The device did not stop at the end by itself: what is inside came through or not.
    context.arena.fill(UNTOUCHED);
    let fault = context.expect_caught()?;
    check_eq!((fault.reason, fault.at), (NO_WRITE, end));
    Ok(())
}
