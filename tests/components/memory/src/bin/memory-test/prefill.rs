// SPDX-License-Identifier: BSD-2-Clause
//! Regions filled from a file.

use core::ptr::NonNull;

use sel4_microkit::{memory_region_symbol, var};
use sel4_test::{TestResult, check, check_eq};

/// The file that system.xml names.
static FILE: &[u8] = include_bytes!("../../../prefill.txt");

/// What system.xml gives the second region; the first is as long as the file, rounded up.
const LONGER: usize = 0x10000;

pub fn content_and_length() -> TestResult {
    check_eq!(*var!(filled_bytes: usize = 0), FILE.len());
    check_eq!(
        *var!(filled_size: usize = 0),
        FILE.len().next_multiple_of(0x1000)
    );
    check_eq!(*var!(longer_bytes: usize = 0), FILE.len());
    let filled: NonNull<u8> = memory_region_symbol!(filled: *mut u8);
    let longer: NonNull<u8> = memory_region_symbol!(longer: *mut u8);
    for (start, size) in [
        (filled, FILE.len().next_multiple_of(0x1000)),
        (longer, LONGER),
    ] {
        // SAFETY: mapped for good, as long as that, and written by nobody.
        let bytes = unsafe { NonNull::slice_from_raw_parts(start, size).as_ref() };
        let (content, rest) = bytes.split_at(FILE.len());
        check!(content == FILE, "the content is not that of the file");
        check!(rest.iter().all(|byte| *byte == 0), "the rest is not zero");
    }
    Ok(())
}
