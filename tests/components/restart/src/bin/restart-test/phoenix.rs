// SPDX-License-Identifier: BSD-2-Clause
//! The child that is restarted.

use core::sync::atomic::Ordering::SeqCst;

use restart_tests::{Notes, Order};
use sel4_microkit::{Channel, Child, memory_region_symbol, var};
use sel4_test::{TestResult, check_eq};
use test_support::event::wait_for;

/// Id of the child `phoenix` in system.xml.
pub const PHOENIX: Child = Child::new(1);

/// The page of notes.
pub fn notes() -> &'static Notes {
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { memory_region_symbol!(notes: *mut Notes).as_ref() }
}

/// The channel to `phoenix`.
pub fn channel() -> Channel {
    Channel::new(*var!(phoenix_channel: usize = 0))
}

/// The channel to the echo, which runs when nobody else does.
pub fn echo() -> Channel {
    Channel::new(*var!(echo_channel: usize = 0))
}

/// Gives an order and waits for the child's answer.
pub fn order(order: Order) -> TestResult {
    notes().give(order);
    channel().notify();
    wait_for(channel())?;
    Ok(())
}

/// Restarts the child, waits until it is up, and checks that it is as good as new.
pub fn restart() -> TestResult {
    let boots = notes().boots.load(SeqCst);
    PHOENIX.restart()?;
    wait_for(channel())?;
    check_eq!(notes().boots.load(SeqCst), boots + 1);
    check_eq!(
        notes().damage.load(SeqCst),
        0,
        "found (1 .data, 2 .bss, 4 heap) not pristine"
    );
    order(Order::Answer)
}
