// SPDX-License-Identifier: BSD-2-Clause
//! Processor state after a restart.

use core::sync::atomic::Ordering::SeqCst;

use restart_tests::Order;
use sel4_test::{TestResult, check_eq};

use crate::phoenix::{notes, order, restart};

const DIRECTION: u64 = 1 << 10;

/// Initial values: Intel SDM volume 1, sections 8.1.5, 8.1.7 and 11.6.4, as FNINIT sets them.
const MXCSR: u64 = 0x1f80;
const X87_CONTROL: u64 = 0x037f;
const X87_STATUS: u64 = 0;
const X87_TAGS: u64 = 0xffff;

pub fn flags_and_floating_point_are_initial() -> TestResult {
    for _ in 0..3 {
        order(Order::DisturbCpu)?;
        restart()?;
        let cpu = &notes().cpu;
        check_eq!(cpu.flags.load(SeqCst) & DIRECTION, 0, "the direction flag");
        check_eq!(cpu.mxcsr.load(SeqCst), MXCSR);
        check_eq!(cpu.x87_control.load(SeqCst), X87_CONTROL);
        check_eq!(cpu.x87_status.load(SeqCst), X87_STATUS);
        check_eq!(cpu.x87_tags.load(SeqCst), X87_TAGS);
    }
    Ok(())
}
