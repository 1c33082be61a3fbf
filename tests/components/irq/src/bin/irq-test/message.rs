// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts by message.

use sel4_test::{TestResult, check_eq};
use test_support::event::poll;

use crate::edu::Edu;

pub fn message_arrives() -> TestResult {
    let mut edu = Edu::new()?;
    edu.raise(0x5);
    check_eq!(edu.take()?, 0x5);
    edu.acknowledge()?;
    check_eq!(poll(), 0, "it came again");
    Ok(())
}

pub fn message_repeats_become_one() -> TestResult {
    let mut edu = Edu::new()?;
    for bit in 0..8 {
        edu.raise(1 << bit);
        check_eq!(edu.quiet(), 1 << bit);
    }
    check_eq!(edu.take()?, 0);
    check_eq!(poll(), 0, "it came more than once");
    edu.acknowledge()
}

pub fn message_each_arrives_in_turn() -> TestResult {
    let mut edu = Edu::new()?;
    for number in 1..=1000 {
        edu.raise(number);
        check_eq!(edu.take()?, number);
        edu.acknowledge()?;
        check_eq!(poll(), 0, "it came again");
    }
    Ok(())
}
