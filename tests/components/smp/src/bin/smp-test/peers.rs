// SPDX-License-Identifier: BSD-2-Clause
//! Whom the tests work with.

use sel4_microkit::{Channel, Child, MessageInfo, get_mr, memory_region_symbol, set_mr, var};
use sel4_test::{Failure, TestResult};
use smp_tests::{Order, Shared};
use test_support::cpu::cycles;

/// Id of the child `far` in system.xml.
pub const FAR: Child = Child::new(2);

/// The page that all share.
pub fn shared() -> &'static Shared {
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { memory_region_symbol!(shared: *mut Shared).as_ref() }
}

/// `far`, on the other core.
pub fn far() -> Channel {
    Channel::new(*var!(far_channel: usize = 0))
}

/// The server on the other core.
pub fn far_server() -> Channel {
    Channel::new(*var!(far_server_channel: usize = 0))
}

/// The server on this core.
pub fn near_server() -> Channel {
    Channel::new(*var!(near_server_channel: usize = 0))
}

/// Gives `far` an order.
pub fn order(order: Order, rounds: u64) {
    shared().give(order, rounds);
    far().notify();
}

/// Does `round` 10,000 times, or fewer where messages between cores are slow, as in an emulator
/// that has to share its host; how often. It is given its number.
pub fn many(mut round: impl FnMut(u64) -> TestResult) -> Result<u64, Failure> {
    const ENOUGH: u64 = 10_000;
    const FEWEST: u64 = 100;
    /// In cycles: seconds, in time of the emulator.
    const PATIENCE: u64 = 4_000_000_000;
    let start = cycles();
    let mut done = 0;
    while done < FEWEST || done < ENOUGH && cycles().wrapping_sub(start) < PATIENCE {
        round(done)?;
        done += 1;
    }
    Ok(done)
}

/// What a server answers.
pub struct Answer {
    /// Number of the call.
    pub calls: u64,
    /// The word that was sent, plus one.
    pub next: u64,
    /// The local APIC id of the server's core.
    pub core: u64,
}

/// Calls a server.
pub fn call(server: Channel, word: u64) -> Answer {
    set_mr(0, word);
    server.pp_call(MessageInfo::new(0, 1));
    Answer {
        calls: get_mr(0),
        next: get_mr(1),
        core: get_mr(2),
    }
}
