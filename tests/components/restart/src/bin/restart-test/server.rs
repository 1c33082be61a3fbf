// SPDX-License-Identifier: BSD-2-Clause
//! What the caller of a server sees when the server crashes and comes back.

use core::sync::atomic::Ordering::SeqCst;

use restart_tests::{ANSWERED, CRASH, PLEASE};
use sel4_microkit::{
    Channel, Child, RESTARTED,
    ipc::{self, Event},
    var,
};
use sel4_test::{Failure, TestResult, check_eq, fail};
use test_support::event::{poll, settle, wait_for};

use crate::phoenix::{echo, notes};

/// Id of the child `server` in system.xml.
const SERVER: Child = Child::new(2);

fn client() -> Channel {
    Channel::new(*var!(client_channel: usize = 0))
}

fn answer(label: u64) -> TestResult {
    wait_for(client())?;
    check_eq!(notes().answer_label.load(SeqCst), label);
    check_eq!(notes().answer_count.load(SeqCst), 0);
    Ok(())
}

/// Lets the client call with this label.
fn call(label: u64) {
    notes().call_label.store(label, SeqCst);
    notes().answer_label.store(0, SeqCst);
    client().notify();
}

fn crash() -> Result<(), Failure> {
    call(CRASH);
    match ipc::recv() {
        Event::Fault(child, _) if child == SERVER => Ok(()),
        event => fail!("not a fault of the server: {event:?}"),
    }
}

pub fn caller_of_a_crashed_server_is_answered() -> TestResult {
    for _ in 0..3 {
        call(PLEASE);
        answer(ANSWERED)?;
        crash()?;
        SERVER.restart()?;
        answer(RESTARTED)?;
    }
    call(PLEASE);
    answer(ANSWERED)
}

pub fn caller_waits_for_the_restart() -> TestResult {
    crash()?;
    settle(echo())?;
    check_eq!(poll(), 0, "the client got an answer from nobody");
    SERVER.restart()?;
    answer(RESTARTED)
}
