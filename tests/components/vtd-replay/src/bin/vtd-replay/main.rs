// SPDX-License-Identifier: BSD-2-Clause
//! Runs the sequences that the model of the IOMMU is tested with on the machine's IOMMU: this
//! program owns the unit, its tables, and edu devices that try what they were granted and what
//! they were not. Each step is compared with the same map as on the model.
#![no_std]
#![no_main]

extern crate alloc;

mod differences;
mod edu;
mod emulated;
mod landing;
mod machine;
mod replay;
mod revocation;
mod tables;

use test_support::test_protection_domain;

test_protection_domain! {
    system: "vtd-replay",
    heap_size: 0x10_0000,
    tests: [
        replay::the_unit_is_the_one_that_is_modelled,
        replay::it_tells_broken_tables_apart,
        replay::it_does_what_the_model_does,
        revocation::ten_thousand_revocations_leave_no_window,
    ],
}
