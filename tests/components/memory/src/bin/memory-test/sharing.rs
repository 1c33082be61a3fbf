// SPDX-License-Identifier: BSD-2-Clause
//! Regions that are mapped more than once.

use core::sync::atomic::Ordering::SeqCst;

use memory_tests::{
    MAGIC, Page, WORDS,
    order::{SUM, TRESPASS, WRITE},
};
use sel4_microkit::memory_region_symbol;
use sel4_test::{TestResult, check_eq};

use crate::reader::{must_fault, order};

/// Where system.xml maps the region that the child may only read, in the child.
const READ_ONLY: u64 = 0x1000_1000;

fn shared() -> &'static Page {
    // SAFETY: the region is mapped for good and holds only atomics.
    unsafe { memory_region_symbol!(shared: *mut Page).as_ref() }
}

/// The same region again, uncached.
fn uncached() -> &'static Page {
    // SAFETY: as in `shared`.
    unsafe { memory_region_symbol!(uncached: *mut Page).as_ref() }
}

/// The region that the child writes to, at two addresses.
fn twice() -> [&'static Page; 2] {
    // SAFETY: as in `shared`.
    unsafe {
        [
            memory_region_symbol!(written: *mut Page).as_ref(),
            memory_region_symbol!(written_again: *mut Page).as_ref(),
        ]
    }
}

pub fn writes_are_seen_by_the_other() -> TestResult {
    for (index, word) in shared().iter().enumerate() {
        word.store(index as u64 + 1, SeqCst);
    }
    let words = WORDS as u64;
    check_eq!(order(SUM)?, words * (words + 1) / 2);
    check_eq!(order(WRITE)?, MAGIC);
    check_eq!(twice()[0][7].load(SeqCst), MAGIC);
    Ok(())
}

pub fn two_mappings_in_one_place() -> TestResult {
    for number in 0..WORDS {
        twice()[number % 2][number].store(!(number as u64), SeqCst);
        check_eq!(
            twice()[(number + 1) % 2][number].load(SeqCst),
            !(number as u64)
        );
    }
    Ok(())
}

pub fn uncached_mapping() -> TestResult {
    for number in 0..WORDS {
        uncached()[number].store(2, SeqCst);
    }
    check_eq!(order(SUM)?, 2 * WORDS as u64);
    shared()[9].store(MAGIC, SeqCst);
    check_eq!(uncached()[9].load(SeqCst), MAGIC);
    Ok(())
}

pub fn read_only_side_cannot_write() -> TestResult {
    const INDEX: u64 = 3;
    shared()[INDEX as usize].store(5, SeqCst);
    must_fault(TRESPASS, READ_ONLY + 8 * INDEX)?;
    check_eq!(shared()[INDEX as usize].load(SeqCst), 5);
    Ok(())
}
