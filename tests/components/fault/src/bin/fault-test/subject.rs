// SPDX-License-Identifier: BSD-2-Clause
//! A child that faults on order.

use core::sync::atomic::Ordering::SeqCst;

use fault_tests::{Command, Order};
use sel4::Fault;
use sel4_microkit::{
    Channel, Child,
    ipc::{self, Event},
    memory_region_symbol, var,
};
use sel4_test::{TestResult, check, check_eq, fail};
use test_support::event::{Surprise, wait_for};

/// Id of the child `child` in system.xml.
pub const CHILD: Child = Child::new(3);

/// Id of the child `twin`.
pub const TWIN: Child = Child::new(61);

/// A protection domain that runs `fault-child`.
pub struct Subject {
    pub command: &'static Command,
    pub channel: Channel,
}

/// The child that most tests use.
pub fn child() -> Subject {
    let command = memory_region_symbol!(child_command: *mut Command);
    Subject {
        // SAFETY: the region is mapped for good and holds only atomics.
        command: unsafe { command.as_ref() },
        channel: Channel::new(*var!(child_channel: usize = 0)),
    }
}

/// Another child.
pub fn twin() -> Subject {
    let command = memory_region_symbol!(twin_command: *mut Command);
    Subject {
        // SAFETY: as in `child`.
        command: unsafe { command.as_ref() },
        channel: Channel::new(*var!(twin_channel: usize = 0)),
    }
}

/// A child of the child `middle`.
pub fn grandchild() -> Subject {
    let command = memory_region_symbol!(grandchild_command: *mut Command);
    Subject {
        // SAFETY: as in `child`.
        command: unsafe { command.as_ref() },
        channel: Channel::new(*var!(grandchild_channel: usize = 0)),
    }
}

impl Subject {
    /// Orders a fault and waits for it: of which child, and what.
    pub fn provoke(&self, order: Order, address: u64) -> Result<(Child, Fault), Surprise> {
        self.command.give(order, address);
        self.channel.notify();
        match ipc::recv() {
            Event::Fault(child, info) => Ok((child, info.fault())),
            event => Err(Surprise(event)),
        }
    }

    /// The address at which the child said that it would fault.
    pub fn fault_ip(&self) -> u64 {
        self.command.fault_ip.load(SeqCst)
    }

    /// Lets the child, which has faulted, go on behind the instruction, and waits until it says
    /// that it has.
    pub fn skip(&self, child: Child) -> TestResult {
        let before = self.command.survived.load(SeqCst);
        let mut registers = child.tcb().tcb_read_all_registers(false)?;
        registers.rip = self.command.resume_ip.load(SeqCst);
        child.tcb().tcb_write_all_registers(true, &mut registers)?;
        wait_for(self.channel)?;
        check_eq!(self.command.survived.load(SeqCst), before + 1);
        Ok(())
    }

    /// Orders a fault that is a page fault, and checks all that is told about it.
    pub fn page_fault(&self, order: Order, address: u64, write: bool, present: bool) -> TestResult {
        let (who, fault) = self.provoke(order, address)?;
        check_eq!(who.index(), CHILD.index());
        let Fault::VmFault(fault) = fault else {
            fail!("not a page fault: {fault:?}");
        };
        check_eq!(fault.addr, address);
        check_eq!(fault.ip, self.fault_ip());
        check_eq!(fault.is_write(), write);
        check_eq!(fault.fsr & 1 != 0, present);
        check!(fault.fsr & 4 != 0, "not a user access: {:#x}", fault.fsr);
        self.skip(CHILD)
    }

    /// Orders a fault that is an exception, and checks all that is told about it.
    pub fn exception(&self, order: Order, address: u64, number: u64) -> TestResult {
        let (who, fault) = self.provoke(order, address)?;
        check_eq!(who.index(), CHILD.index());
        let Fault::UserException(fault) = fault else {
            fail!("not an exception: {fault:?}");
        };
        check_eq!((fault.number, fault.code), (number, 0));
        check_eq!(fault.fault_ip, self.fault_ip());
        self.skip(CHILD)
    }
}
