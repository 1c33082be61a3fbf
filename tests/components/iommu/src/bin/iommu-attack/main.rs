// SPDX-License-Identifier: BSD-2-Clause
//! What a hostile device does on a machine without a guard. Each of these attacks is tried again
//! by `iommu-test`, on a machine that has one.
#![no_std]
#![no_main]

use iommu_manager_interface::{Error, Manager, Refusal, Status};
use iommu_tests::{ARENA, Bench, Direction, KERNEL, MANAGER, Memory, TABLES, VICTIM, compatible};
use sel4_test::{TestResult, check, check_eq};
use test_support::test_protection_domain;

test_protection_domain! {
    system: "iommu-unguarded",
    tests: [
        nothing_is_granted,
        device_writes_anybodys_memory,
        device_writes_the_tables_of_an_iommu,
        device_reads_the_kernel,
        device_forges_interrupts,
    ],
}

const MARK: u64 = 0x6d61_726b_6d61_726b;

fn nothing_is_granted() -> TestResult {
    let manager = Manager::new(MANAGER);
    let protection = manager.status()?;
    check_eq!(protection.refusal, Refusal::NoDmar as u8);
    check_eq!(protection.blocking, 0);
    check_eq!(
        manager.attach(iommu_tests::EDU),
        Err(Error::Refused(Status::Refused))
    );
    Ok(())
}

/// Puts a mark into the device's buffer.
fn bench_with_mark() -> Result<Bench, sel4_test::Failure> {
    let mut bench = Bench::new()?;
    Memory::at(ARENA, 0x1000).fill(MARK);
    bench.transfer(Direction::Read, ARENA, 16)?;
    Ok(bench)
}

fn device_writes_anybodys_memory() -> TestResult {
    let mut bench = bench_with_mark()?;
    let mut victim = Memory::at(VICTIM, 0x1000);
    victim.fill(0);
    bench.transfer(Direction::Write, VICTIM + 8, 8)?;
    check_eq!((victim.word(0), victim.word(8)), (0, MARK));
    Ok(())
}

fn device_writes_the_tables_of_an_iommu() -> TestResult {
    let mut bench = bench_with_mark()?;
    bench.transfer(Direction::Write, TABLES, 8)?;
    check_eq!(Memory::at(TABLES, 0x1000).word(0), MARK);
    Ok(())
}

fn device_reads_the_kernel() -> TestResult {
    let mut bench = bench_with_mark()?;
    bench.transfer(Direction::Read, KERNEL, 0x1000)?;
    bench.transfer(Direction::Write, ARENA, 0x1000)?;
    let arena = Memory::at(ARENA, 0x1000);
    check!(
        !arena.is(MARK) && !arena.is(0),
        "nothing came out of the kernel's memory"
    );
    Ok(())
}

fn device_forges_interrupts() -> TestResult {
    let mut bench = Bench::new()?;
    // The interrupt of another device.
    let (address, data) = compatible(0x30 + 8);
    check_eq!(bench.interrupt(address, data)?, (false, true));
    Ok(())
}
