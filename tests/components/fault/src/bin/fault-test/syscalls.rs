// SPDX-License-Identifier: BSD-2-Clause
//! System calls that the kernel refuses by a fault.

use fault_tests::Order;
use sel4::Fault;
use sel4_test::{TestResult, check_eq, fail};

use crate::subject::{CHILD, child};

/// A slot of the lower capability table that system.xml leaves empty.
const EMPTY: u64 = 500;

/// No capability address of a protection domain has these bits.
const OUTSIDE: u64 = 1 << 40;

pub fn unknown_number() -> TestResult {
    for number in [0, 1, 1000, -1000_i64 as u64, i64::MIN as u64] {
        let child = child();
        let (_, fault) = child.provoke(Order::UnknownSyscall, number)?;
        let Fault::UnknownSyscall(fault) = fault else {
            fail!("not an unknown system call: {fault:?}");
        };
        check_eq!((fault.syscall, fault.fault_ip), (number, child.fault_ip()));
        child.skip(CHILD)?;
    }
    Ok(())
}

pub fn send_to_no_capability() -> TestResult {
    refused(Order::Send, OUTSIDE, false)
}

pub fn receive_from_no_capability() -> TestResult {
    refused(Order::Receive, EMPTY, true)?;
    refused(Order::Receive, OUTSIDE, true)
}

fn refused(order: Order, address: u64, in_recv_phase: bool) -> TestResult {
    let child = child();
    let (_, fault) = child.provoke(order, address)?;
    let Fault::CapFault(fault) = fault else {
        fail!("not a capability fault: {fault:?}");
    };
    check_eq!((fault.addr, fault.in_recv_phase), (address, in_recv_phase));
    check_eq!(fault.ip, child.fault_ip());
    child.skip(CHILD)
}
