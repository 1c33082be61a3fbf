// SPDX-License-Identifier: BSD-2-Clause
//! Notes when it starts, by the priority in its name (`starter-200`).
#![no_std]
#![no_main]

use core::ptr::NonNull;

use isolation_tests::Shared;
use sel4_microkit::{NullHandler, memory_region_symbol, pd_name, protection_domain};

#[protection_domain]
fn init() -> NullHandler {
    let shared: NonNull<Shared> = memory_region_symbol!(shared: *mut Shared);
    let name = pd_name().unwrap_or_default();
    let priority = name
        .rsplit('-')
        .next()
        .and_then(|number| number.parse().ok());
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { shared.as_ref() }.start(priority.unwrap_or(0));
    NullHandler::new()
}
