// SPDX-License-Identifier: BSD-2-Clause
//! Notifies the monitor whenever that waits: it has a lower priority.
#![no_std]
#![no_main]

use sel4_microkit::{Channel, NullHandler, protection_domain};

#[protection_domain]
fn init() -> NullHandler {
    loop {
        Channel::new(0).notify();
    }
}
