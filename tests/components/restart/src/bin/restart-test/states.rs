// SPDX-License-Identifier: BSD-2-Clause
//! Restarts of a child that waits, runs, calls or has faulted.

use core::sync::atomic::Ordering::SeqCst;

use restart_tests::Order;
use sel4::Fault;
use sel4_microkit::{
    Channel,
    ipc::{self, Event},
    var,
};
use sel4_test::{Failure, TestResult, check, check_eq, fail};
use test_support::event::{settle, wait_for};

use crate::phoenix::{PHOENIX, channel, echo, notes, order, restart};

/// Below the child's initial stack pointer, what system.xml gives it as stack.
const STACK_TOP: u64 = 0x7fff_ffff_d000;
const STACK_SIZE: u64 = 0x2000;

pub fn while_it_waits() -> TestResult {
    settle(echo())?;
    restart()
}

pub fn while_it_runs() -> TestResult {
    order(Order::Spin)?;
    restart()?;
    check_stands_still()
}

/// The loop that was running before a restart must not go on after it.
pub fn check_stands_still() -> TestResult {
    let rounds = notes().rounds.load(SeqCst);
    settle(echo())?;
    check_eq!(notes().rounds.load(SeqCst), rounds);
    Ok(())
}

pub fn while_it_calls() -> TestResult {
    let slow_server = Channel::new(*var!(slow_server_channel: usize = 0));
    notes().release.store(0, SeqCst);
    notes().give(Order::Call);
    channel().notify();
    // The server has the call, and answers when nobody waits for the answer any more.
    wait_for(slow_server)?;
    let (boots, answers) = (
        notes().boots.load(SeqCst),
        notes().slow_answers.load(SeqCst),
    );
    PHOENIX.restart()?;
    notes().release.store(1, SeqCst);
    wait_for(channel())?;
    check_eq!(notes().boots.load(SeqCst), boots + 1);
    check_eq!(notes().slow_answers.load(SeqCst), answers + 1);
    // The server and its client go on as if nothing had been.
    notes().give(Order::Call);
    channel().notify();
    wait_for(channel())?;
    check_eq!(notes().slow_answers.load(SeqCst), answers + 2);
    Ok(())
}

/// Gives an order that ends in a fault; which.
fn fault(order: Order) -> Result<Fault, Failure> {
    notes().give(order);
    channel().notify();
    match ipc::recv() {
        Event::Fault(child, info) if child == PHOENIX => Ok(info.fault()),
        event => fail!("not a fault of the child: {event:?}"),
    }
}

pub fn after_a_fault() -> TestResult {
    for _ in 0..5 {
        let fault = fault(Order::Fault)?;
        check!(
            matches!(fault, Fault::VmFault(fault) if fault.addr == 0),
            "{fault:?}"
        );
        restart()?;
    }
    Ok(())
}

pub fn after_its_stack_overflowed() -> TestResult {
    let fault = fault(Order::Recurse)?;
    let bottom = STACK_TOP - STACK_SIZE;
    let Fault::VmFault(fault) = fault else {
        fail!("not a page fault: {fault:?}");
    };
    check!(
        (bottom - 0x1000..bottom).contains(&fault.addr),
        "at {:#x}",
        fault.addr
    );
    restart()
}

pub fn stopped_and_resumed() -> TestResult {
    order(Order::Spin)?;
    // The child runs whenever this thread waits, were it not stopped.
    PHOENIX.stop()?;
    check_stands_still()?;
    // It goes on where it was, not from the beginning.
    let (boots, rounds) = (notes().boots.load(SeqCst), notes().rounds.load(SeqCst));
    PHOENIX.tcb().tcb_resume()?;
    wait_for(channel())?;
    check!(notes().rounds.load(SeqCst) > rounds, "it does not run");
    check_eq!(notes().boots.load(SeqCst), boots);
    restart()
}
