// SPDX-License-Identifier: BSD-2-Clause
//! A parent and its child on another core.

use core::sync::atomic::Ordering::SeqCst;

use sel4::Fault;
use sel4_microkit::ipc::{self, Event};
use sel4_test::{TestResult, check, check_eq, fail};
use smp_tests::Order;
use test_support::{
    cpu::{cycles, spin_until},
    event::wait_for,
};

use crate::{
    cores::LONG,
    peers::{FAR, far, order, shared},
};

/// Starts the loop without end, and waits until it runs.
fn spin() -> TestResult {
    let spins = shared().spins.load(SeqCst);
    order(Order::Spin, 0);
    check!(
        spin_until(LONG, || shared().spins.load(SeqCst) > spins),
        "the child does not run"
    );
    Ok(())
}

/// The loop must not have gone on after `far` was stopped.
fn check_stands_still() -> TestResult {
    let spins = shared().spins.load(SeqCst);
    let end = cycles() + 10_000_000;
    while cycles() < end {}
    check_eq!(shared().spins.load(SeqCst), spins);
    Ok(())
}

fn restart() -> TestResult {
    let boots = shared().boots.load(SeqCst);
    FAR.restart()?;
    wait_for(far())?;
    check_eq!(shared().boots.load(SeqCst), boots + 1);
    order(Order::Answer, 0);
    wait_for(far())?;
    Ok(())
}

pub fn running_child_is_stopped_and_resumed() -> TestResult {
    spin()?;
    for _ in 0..20 {
        FAR.stop()?;
        let spins = shared().spins.load(SeqCst);
        check_eq!(shared().spins.load(SeqCst), spins);
        FAR.tcb().tcb_resume()?;
        check!(
            spin_until(LONG, || shared().spins.load(SeqCst) > spins),
            "it does not go on"
        );
    }
    FAR.stop()?;
    check_stands_still()?;
    restart()
}

pub fn running_child_is_restarted() -> TestResult {
    for _ in 0..20 {
        spin()?;
        restart()?;
    }
    check_stands_still()
}

pub fn fault_reaches_the_parent() -> TestResult {
    for _ in 0..20 {
        order(Order::Fault, 0);
        match ipc::recv() {
            Event::Fault(child, info) => {
                check_eq!(child.index(), FAR.index());
                let fault = info.fault();
                check!(
                    matches!(fault, Fault::UserException(e) if e.number == 6),
                    "{fault:?}"
                );
            }
            event => fail!("no fault: {event:?}"),
        }
        restart()?;
    }
    Ok(())
}
