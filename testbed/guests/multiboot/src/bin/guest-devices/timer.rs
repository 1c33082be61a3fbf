// SPDX-License-Identifier: BSD-2-Clause
//! The interval timer's third channel (8254 data sheet), with which software measures its CPU, and
//! port 0x61.

use bare::{TestResult, check, check_eq, port};

const CHANNEL: u16 = 0x42;
const CONTROL: u16 = 0x43;
const SYSTEM: u16 = 0x61;
const GATE: u8 = 1;
const OUTPUT: u8 = 1 << 5;
const REFRESH: u8 = 1 << 4;

/// Counts down from there once, gate on.
fn start(count: u16) {
    port::write8(SYSTEM, port::read8(SYSTEM) & !2 | GATE);
    port::write8(CONTROL, 0xb0);
    let [low, high] = count.to_le_bytes();
    port::write8(CHANNEL, low);
    port::write8(CHANNEL, high);
}

fn count() -> u16 {
    port::write8(CONTROL, 0x80);
    let low = port::read8(CHANNEL);
    u16::from_le_bytes([low, port::read8(CHANNEL)])
}

fn stop() {
    port::write8(SYSTEM, port::read8(SYSTEM) & !3);
}

pub fn timer_counts(_: &mut ()) -> TestResult {
    start(0xffff);
    let first = count();
    let lower = (0..1_000_000).any(|_| count() < first);
    stop();
    check!(lower, "it stays at {first:#x}");
    Ok(())
}

pub fn timer_output(_: &mut ()) -> TestResult {
    start(0x1000);
    let early = port::read8(SYSTEM) & OUTPUT;
    let ended = (0..10_000_000).any(|_| port::read8(SYSTEM) & OUTPUT != 0);
    stop();
    check_eq!(early, 0);
    check!(ended, "its output stays low");
    Ok(())
}

/// A latched count stays until it is read.
pub fn timer_latch(_: &mut ()) -> TestResult {
    start(0xffff);
    port::write8(CONTROL, 0x80);
    while (0..100).all(|_| port::read8(SYSTEM) & REFRESH == 0) {}
    port::write8(CONTROL, 0x80);
    // The counter goes on meanwhile.
    for _ in 0..20_000 {
        core::hint::spin_loop();
    }
    let latched = [port::read8(CHANNEL), port::read8(CHANNEL)];
    let later = count();
    stop();
    check!(
        u16::from_le_bytes(latched) > later,
        "{latched:x?} {later:#x}"
    );
    Ok(())
}

pub fn memory_is_refreshed(_: &mut ()) -> TestResult {
    let bit = || port::read8(SYSTEM) & REFRESH;
    let mut last = bit();
    for _ in 0..4 {
        let changed = (0..1_000_000).any(|_| bit() != last);
        check!(changed);
        last ^= REFRESH;
    }
    Ok(())
}
