// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts by level: the HPET.

use sel4_test::{TestResult, check, check_eq};
use test_support::event::poll;

use crate::clock;

pub fn level_arrives() -> TestResult {
    let mut clock = clock()?;
    clock.arm()?;
    clock.wait()?;
    check!(clock.quiet(), "the HPET has not interrupted");
    clock.irq.irq_ack()?;
    clock.let_pass();
    check_eq!(poll(), 0, "it came again");
    Ok(())
}

pub fn level_none_before_acknowledgement() -> TestResult {
    let mut clock = clock()?;
    clock.arm()?;
    clock.wait()?;
    check!(clock.quiet());
    clock.arm()?;
    clock.let_pass();
    check_eq!(poll(), 0, "it came without acknowledgement");
    // The line is up: it comes as soon as it may.
    clock.irq.irq_ack()?;
    clock.wait()?;
    check!(clock.quiet());
    clock.irq.irq_ack()?;
    Ok(())
}

pub fn level_comes_again_until_the_device_is_quiet() -> TestResult {
    let mut clock = clock()?;
    clock.arm()?;
    for _ in 0..4 {
        clock.wait()?;
        clock.irq.irq_ack()?;
    }
    clock.wait()?;
    check!(clock.quiet());
    clock.irq.irq_ack()?;
    clock.let_pass();
    check_eq!(poll(), 0, "it came though the device is quiet");
    Ok(())
}

pub fn level_none_is_lost() -> TestResult {
    const INTERRUPTS: u32 = 500;
    let mut clock = clock()?;
    for _ in 0..INTERRUPTS {
        clock.arm()?;
        clock.wait()?;
        check!(clock.quiet(), "nothing to quiet");
        clock.irq.irq_ack()?;
    }
    check_eq!(poll(), 0, "one too many");
    Ok(())
}
