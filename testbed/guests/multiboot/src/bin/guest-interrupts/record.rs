// SPDX-License-Identifier: BSD-2-Clause
//! Which interrupts came.

use core::sync::atomic::{AtomicU64, Ordering};

use bare::trap::{Frame, on_interrupt};
use bare::{apic, cpu};

/// How many came, and the vectors of the last eight, the latest in the low byte.
static COUNT: AtomicU64 = AtomicU64::new(0);
static VECTORS: AtomicU64 = AtomicU64::new(0);
/// RAX and RIP of what the last one interrupted.
static RAX: AtomicU64 = AtomicU64::new(0);
static RIP: AtomicU64 = AtomicU64::new(0);

/// Forgets all, and has these vectors recorded.
pub fn start(vectors: &[u8]) {
    cpu::interrupts_off();
    for word in [&COUNT, &VECTORS, &RAX, &RIP] {
        word.store(0, Ordering::Relaxed);
    }
    for vector in vectors {
        on_interrupt(*vector, handler);
    }
}

/// Records an interrupt.
pub fn note(frame: &Frame) {
    COUNT.store(count() + 1, Ordering::Relaxed);
    VECTORS.store(vectors() << 8 | frame.vector, Ordering::Relaxed);
    RAX.store(frame.rax, Ordering::Relaxed);
    RIP.store(frame.rip, Ordering::Relaxed);
}

fn handler(frame: &mut Frame) {
    note(frame);
    apic::eoi();
}

/// How many came.
pub fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// The vectors of the last eight, the latest in the low byte.
pub fn vectors() -> u64 {
    VECTORS.load(Ordering::Relaxed)
}

/// RAX of what the last one interrupted.
pub fn rax() -> u64 {
    RAX.load(Ordering::Relaxed)
}

/// Waits until so many have come, but not for ever. Returns how many there are.
pub fn wait(wanted: u64) -> u64 {
    for _ in 0..1_000_000 {
        if count() >= wanted {
            break;
        }
        core::hint::spin_loop();
    }
    count()
}
