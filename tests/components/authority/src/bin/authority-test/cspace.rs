// SPDX-License-Identifier: BSD-2-Clause
//! Capabilities that `cspace` gives.

use core::sync::atomic::Ordering::SeqCst;

use authority_tests::{Kind, Order, identify, upper};
use sel4::Error;
use sel4_microkit::{Channel, var};
use sel4_test::{TestResult, check, check_eq};
use test_support::event::{settle, wait_for};

use crate::suspect::{SUSPECT, channel, order, restart, shared};

/// Where system.xml gives the thread of `server`, of this protection domain itself, and the address
/// space of `server`.
const OWN_THREAD: sel4::cap::Tcb = sel4::cap::Tcb::from_bits(upper(1));
const SUSPECT_THREAD: sel4::cap::Tcb = sel4::cap::Tcb::from_bits(upper(20));
const SERVER_SPACE: u64 = upper(63);

/// Of this protection domain.
const OWN_PRIORITY: u64 = 100;

pub fn thread_of_another_is_at_its_slot() -> TestResult {
    // The same thread as through the parent's capability.
    order(Order::Spin, 0)?;
    let by_slot = SUSPECT_THREAD.tcb_read_all_registers(false)?;
    let as_child = SUSPECT.tcb().tcb_read_all_registers(false)?;
    check_eq!(by_slot, as_child);
    check!(by_slot.rip != 0, "no registers");
    restart()
}

pub fn thread_of_another_stops_and_goes_on() -> TestResult {
    let echo = Channel::new(*var!(echo_channel: usize = 0));
    order(Order::Spin, 0)?;
    SUSPECT_THREAD.tcb_suspend()?;
    let rounds = shared().rounds.load(SeqCst);
    settle(echo)?;
    check_eq!(shared().rounds.load(SeqCst), rounds);
    SUSPECT_THREAD.tcb_resume()?;
    wait_for(channel())?;
    check!(shared().rounds.load(SeqCst) > rounds, "it does not go on");
    restart()
}

pub fn priority_cannot_rise_above_the_own() -> TestResult {
    for thread in [SUSPECT_THREAD, SUSPECT.tcb(), OWN_THREAD] {
        for priority in [OWN_PRIORITY + 1, 255] {
            let answer = thread.tcb_set_priority(thread, priority);
            check_eq!(answer, Err(Error::RangeError), "priority {priority}");
            let answer = thread.tcb_set_mc_priority(thread, priority);
            check_eq!(answer, Err(Error::RangeError), "maximum {priority}");
        }
    }
    Ok(())
}

pub fn address_space_is_at_its_slot() -> TestResult {
    check_eq!(identify(SERVER_SPACE), Kind::VSpace);
    Ok(())
}
