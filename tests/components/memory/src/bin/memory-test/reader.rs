// SPDX-License-Identifier: BSD-2-Clause
//! The child that reads and writes on order.

use core::sync::atomic::Ordering::SeqCst;

use memory_tests::{Page, slot};
use sel4::Fault;
use sel4_microkit::{
    Channel, Child,
    ipc::{self, Event},
    memory_region_symbol, var,
};
use sel4_test::{Failure, TestResult, check, check_eq, fail};
use test_support::event::wait_for;

/// Its id in system.xml.
const READER: Child = Child::new(0);

fn orders() -> &'static Page {
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { memory_region_symbol!(orders: *mut Page).as_ref() }
}

fn channel() -> Channel {
    Channel::new(*var!(reader_channel: usize = 0))
}

/// Gives an order; the answer.
pub fn order(order: u64) -> Result<u64, Failure> {
    orders()[slot::ORDER].store(order, SeqCst);
    channel().notify();
    wait_for(channel())?;
    Ok(orders()[slot::ANSWER].load(SeqCst))
}

/// Gives an order that must end in a page fault for a write to `address`.
pub fn must_fault(order: u64, address: u64) -> TestResult {
    orders()[slot::ORDER].store(order, SeqCst);
    channel().notify();
    match ipc::recv() {
        Event::Fault(child, info) if child == READER => {
            let fault = info.fault();
            READER.restart()?;
            let Fault::VmFault(fault) = fault else {
                fail!("not a page fault: {fault:?}");
            };
            check_eq!(fault.addr, address);
            check!(fault.is_write());
            check!(fault.fsr & 1 != 0, "the page is not even mapped");
            Ok(())
        }
        event => fail!("no fault: {event:?}"),
    }
}
