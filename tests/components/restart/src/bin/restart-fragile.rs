// SPDX-License-Identifier: BSD-2-Clause
//! Has no parent, and faults at each notification; the monitor restarts it as often as system.xml
//! says.
#![no_std]
#![no_main]

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use restart_tests::Notes;
use sel4_microkit::{
    Channel, ChannelSet, Handler, Never, memory_region_symbol, protection_domain, var,
};

struct Fragile;

impl Handler for Fragile {
    type Error = Never;

    fn notified(&mut self, _: ChannelSet) -> Result<(), Never> {
        break_down();
        Ok(())
    }
}

#[inline(never)]
fn break_down() {
    // SAFETY: an exception, which is the point.
    unsafe { core::arch::asm!("ud2") };
}

#[protection_domain]
fn init() -> Fragile {
    let notes: NonNull<Notes> = memory_region_symbol!(notes: *mut Notes);
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { notes.as_ref() }.fragile_boots.fetch_add(1, SeqCst);
    Channel::new(*var!(test: usize = 0)).notify();
    Fragile
}
