// SPDX-License-Identifier: BSD-2-Clause
//! Addresses, sizes and page sizes.

use core::ptr::NonNull;

use sel4_microkit::{memory_region_symbol, var};
use sel4_test::{TestResult, check_eq};

/// What system.xml gives the region `large`.
const LARGE: usize = 0x40_0000;

const PAGE: usize = 0x1000;

/// The first words of all pages of the region `large`, which is mapped with 2 MiB pages.
fn large() -> impl Iterator<Item = NonNull<u64>> {
    let start: NonNull<u8> = memory_region_symbol!(large: *mut u8);
    // SAFETY: the region is as long as the offsets go.
    (0..LARGE / PAGE).map(move |page| unsafe { start.add(page * PAGE) }.cast())
}

pub fn addresses_and_sizes_are_set() -> TestResult {
    check_eq!(*var!(large_size: usize = 0), LARGE);
    check_eq!(*var!(several_size: usize = 0), 0x7000);
    check_eq!(*var!(several_address: usize = 0), 0x1200_3000);
    check_eq!(*var!(not_in_system_xml: usize = 0x1234), 0x1234);
    Ok(())
}

pub fn regions_are_zero_at_first() -> TestResult {
    let words: NonNull<u64> = memory_region_symbol!(untouched: *mut u64);
    for index in 0..0x7000 / 8 {
        // SAFETY: the region has 0x7000 bytes.
        let word = unsafe { words.add(index).read_volatile() };
        check_eq!(word, 0, "word {index}");
    }
    Ok(())
}

pub fn large_pages() -> TestResult {
    for (number, page) in large().enumerate() {
        // SAFETY: mapped writable, aligned, and only used here.
        unsafe {
            check_eq!(page.read_volatile(), 0, "page {number}");
            page.write_volatile(number as u64 + 1);
        }
    }
    for (number, page) in large().enumerate() {
        // SAFETY: as above.
        check_eq!(unsafe { page.read_volatile() }, number as u64 + 1);
    }
    Ok(())
}
