// SPDX-License-Identifier: BSD-2-Clause
//! Page faults.

use fault_tests::Order;
use sel4::Fault;
use sel4_test::{TestResult, check, check_eq, fail};

use crate::subject::{CHILD, child};

const PAGE: u64 = 0x1000;

/// Nothing in system.xml is mapped here.
const UNMAPPED: u64 = 0x4000_0123;

/// Where system.xml maps the command page of the child, one page long.
const COMMAND: u64 = 0x1000_0000;

/// Where system.xml maps a region that the child may only read.
const READ_ONLY: u64 = 0x1100_0000;

/// What system.xml gives the child as stack, below the initial stack pointer.
const STACK_SIZE: u64 = 0x3000;
const STACK_TOP: u64 = 0x7fff_ffff_d000;

pub fn read_of_an_unmapped_page() -> TestResult {
    child().page_fault(Order::Read, UNMAPPED, false, false)
}

pub fn write_to_an_unmapped_page() -> TestResult {
    child().page_fault(Order::Write, UNMAPPED, true, false)
}

pub fn jump_to_an_unmapped_page() -> TestResult {
    let child = child();
    let (_, fault) = child.provoke(Order::Jump, UNMAPPED)?;
    let Fault::VmFault(fault) = fault else {
        fail!("not a page fault: {fault:?}");
    };
    // The jump is done when the fetch fails.
    check_eq!((fault.ip, fault.addr), (UNMAPPED, UNMAPPED));
    check!(!fault.is_write());
    child.skip(CHILD)
}

pub fn null_pointer() -> TestResult {
    child().page_fault(Order::Read, 0, false, false)?;
    child().page_fault(Order::Write, 0, true, false)
}

pub fn kernel_address() -> TestResult {
    // The kernel's window on physical memory, and its image.
    for address in [0xffff_ff80_0000_0000, 0xffff_ffff_8010_0000] {
        let child = child();
        let (_, fault) = child.provoke(Order::Write, address)?;
        let Fault::VmFault(fault) = fault else {
            fail!("not a page fault: {fault:?}");
        };
        check_eq!((fault.addr, fault.ip), (address, child.fault_ip()));
        check!(fault.is_write());
        child.skip(CHILD)?;
    }
    Ok(())
}

pub fn beyond_the_end_of_a_region() -> TestResult {
    child().page_fault(Order::Read, COMMAND + PAGE, false, false)?;
    child().page_fault(Order::Read, COMMAND - 1, false, false)
}

pub fn write_to_a_read_only_region() -> TestResult {
    child().page_fault(Order::Write, READ_ONLY, true, true)
}

pub fn write_to_read_only_data() -> TestResult {
    let child = child();
    let (_, fault) = child.provoke(Order::WriteConstant, 0)?;
    let Fault::VmFault(fault) = fault else {
        fail!("not a page fault: {fault:?}");
    };
    check_eq!(fault.ip, child.fault_ip());
    check_eq!((fault.is_write(), fault.fsr & 1), (true, 1));
    child.skip(CHILD)
}

pub fn stack_overflow_into_the_guard_page() -> TestResult {
    let child = child();
    let (_, fault) = child.provoke(Order::OverflowStack, 0)?;
    let Fault::VmFault(fault) = fault else {
        fail!("not a page fault: {fault:?}");
    };
    check_eq!(fault.addr, STACK_TOP - STACK_SIZE - 8);
    check_eq!(fault.ip, child.fault_ip());
    check!(fault.is_write());
    child.skip(CHILD)
}
