// SPDX-License-Identifier: BSD-2-Clause
//! Time in nanoseconds.

use std::arch::x86_64::_rdtsc;
use std::sync::OnceLock;
use std::time::Instant;

/// Set to `tsc` where a tick of the time stamp counter is a nanosecond, as in QEMU with
/// `-icount shift=0`: every executed instruction is one tick there, and reading the counter is the
/// exact and cheapest clock.
const CHOICE: &str = "CLOCK";

/// Nanoseconds since some time in the past.
pub fn now() -> u64 {
    static TSC: OnceLock<bool> = OnceLock::new();
    static START: OnceLock<Instant> = OnceLock::new();
    if *TSC.get_or_init(|| std::env::var(CHOICE).is_ok_and(|clock| clock == "tsc")) {
        return ticks();
    }
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

/// Ticks of the time stamp counter.
pub fn ticks() -> u64 {
    // SAFETY: every x86-64 processor has the instruction, and Linux lets programs use it.
    unsafe { _rdtsc() }
}
