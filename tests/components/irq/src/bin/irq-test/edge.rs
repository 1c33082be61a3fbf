// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts by edge: the real-time clock at pin 8.

use sel4_microkit::{Channel, var};
use sel4_test::{Failure, TestResult, check_eq};
use sel4_vcpu::IoPort;
use test_support::{
    event::{drain, poll, wait_for},
    rtc::Rtc,
};

/// The clock.
pub fn rtc() -> Rtc {
    Rtc::new(IoPort::new(*var!(rtc_ports: usize = 0)))
}

/// Its interrupt.
pub fn irq() -> Channel {
    Channel::new(*var!(rtc_irq: usize = 0))
}

/// Starts the clock with no interrupt left over from before.
pub fn start() -> TestResult {
    rtc().stop()?;
    irq().irq_ack()?;
    drain();
    irq().irq_ack()?;
    rtc().start()?;
    Ok(())
}

/// Takes an interrupt and quiets the clock. An edge that comes after the first and before the
/// kernel masks the pin arrives as a second interrupt, when the clock is quiet already.
fn take() -> Result<(), Failure> {
    loop {
        wait_for(irq())?;
        if rtc().clear()? {
            return Ok(());
        }
        irq().irq_ack()?;
    }
}

/// Waits, by asking the clock, until it has interrupted so many times; its line goes down each
/// time.
pub fn let_pass(interrupts: u32) -> TestResult {
    for _ in 0..interrupts {
        while !rtc().clear()? {}
    }
    Ok(())
}

pub fn edge_arrives() -> TestResult {
    start()?;
    for _ in 0..16 {
        take()?;
        irq().irq_ack()?;
    }
    rtc().stop()?;
    Ok(())
}

pub fn edge_none_before_acknowledgement() -> TestResult {
    start()?;
    take()?;
    drain();
    let_pass(8)?;
    check_eq!(poll(), 0, "it came without acknowledgement");
    irq().irq_ack()?;
    rtc().clear()?;
    take()?;
    rtc().stop()?;
    Ok(())
}

pub fn edge_none_is_lost() -> TestResult {
    const INTERRUPTS: u32 = 256;
    start()?;
    for _ in 0..INTERRUPTS {
        take()?;
        irq().irq_ack()?;
    }
    rtc().stop()?;
    Ok(())
}
