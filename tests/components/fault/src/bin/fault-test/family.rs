// SPDX-License-Identifier: BSD-2-Clause
//! Who is told of a fault, and who is not disturbed by it.

use core::sync::atomic::Ordering::SeqCst;

use fault_tests::Order;
use sel4_microkit::{Channel, var};
use sel4_test::{TestResult, check_eq};
use test_support::event::{drain, settle, wait_any, wait_for};

use crate::subject::{CHILD, TWIN, child, grandchild, twin};

/// Id of `grandchild` among the children of `middle`.
const GRANDCHILD_ID: u64 = 7;

pub fn right_child_among_several() -> TestResult {
    for _ in 0..3 {
        let (who, _) = child().provoke(Order::InvalidOpcode, 0)?;
        check_eq!(who.index(), CHILD.index());
        child().skip(CHILD)?;
        let (who, _) = twin().provoke(Order::InvalidOpcode, 0)?;
        check_eq!(who.index(), TWIN.index());
        twin().skip(TWIN)?;
    }
    Ok(())
}

pub fn grandchild_faults_to_its_parent() -> TestResult {
    let grandchild = grandchild();
    let middle = Channel::new(*var!(middle_channel: usize = 0));
    grandchild.command.give(Order::InvalidOpcode, 0);
    grandchild.channel.notify();
    // `middle` says what it saw; then the grandchild, which it let go on, says that it has.
    wait_for(middle)?;
    check_eq!(
        grandchild.command.seen_by_middle.load(SeqCst),
        1 << 32 | GRANDCHILD_ID
    );
    wait_for(grandchild.channel)?;
    check_eq!(grandchild.command.survived.load(SeqCst), 1);
    Ok(())
}

pub fn other_children_go_on() -> TestResult {
    child().provoke(Order::Read, 0)?;
    // While the one waits for its parent, the other works.
    let before = twin().command.survived.load(SeqCst);
    for _ in 0..10 {
        twin().command.give(Order::Nothing, 0);
        twin().channel.notify();
        wait_for(twin().channel)?;
    }
    check_eq!(twin().command.survived.load(SeqCst), before + 10);
    child().skip(CHILD)
}

pub fn monitor_takes_the_faults_of_an_orphan() -> TestResult {
    let victim = Channel::new(*var!(victim_channel: usize = 0));
    let echo = Channel::new(*var!(echo_channel: usize = 0));
    drain();
    victim.notify();
    // Had the victim survived, its notification would have come before the echo's.
    echo.notify();
    let first = wait_any()?;
    check_eq!(
        (first.contains(victim), first.contains(echo)),
        (false, true)
    );
    // It stays stopped; everybody else goes on.
    victim.notify();
    settle(echo)?;
    other_children_go_on()
}
