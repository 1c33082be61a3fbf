// SPDX-License-Identifier: BSD-2-Clause
//! Faults as soon as it runs.
#![no_std]
#![no_main]

use sel4_microkit::{NullHandler, protection_domain};

#[protection_domain]
fn init() -> NullHandler {
    // SAFETY: an exception, which is the point.
    unsafe { core::arch::asm!("ud2") };
    NullHandler::new()
}
