// SPDX-License-Identifier: BSD-2-Clause
//! Regions with a physical address.

use core::ptr::NonNull;
use core::sync::atomic::Ordering::SeqCst;

use memory_tests::{MAGIC, Page, order::WRITE_FIRMWARE};
use sel4_microkit::{memory_region_symbol, var};
use sel4_test::{TestResult, check, check_eq};

use crate::reader::must_fault;

/// Where system.xml maps the firmware in the child.
const FIRMWARE_IN_CHILD: u64 = 0x1000_3000;

/// Bytes of firmware that system.xml maps here, up to 1 MiB.
const FIRMWARE: usize = 0x10000;

pub fn ram_at_an_address() -> TestResult {
    check_eq!(*var!(ram_paddr: usize = 0), 0x800_0000);
    // SAFETY: the region is mapped for good and holds only atomics.
    let ram: &Page = unsafe { memory_region_symbol!(ram: *mut Page).as_ref() };
    for (index, word) in ram.iter().enumerate() {
        check_eq!(word.load(SeqCst), 0, "word {index}");
        word.store(MAGIC ^ index as u64, SeqCst);
    }
    for (index, word) in ram.iter().enumerate() {
        check_eq!(word.load(SeqCst), MAGIC ^ index as u64);
    }
    Ok(())
}

pub fn firmware_as_a_device() -> TestResult {
    let start: NonNull<u8> = memory_region_symbol!(firmware: *mut u8);
    // SAFETY: read-only memory, mapped for good.
    let firmware = unsafe { NonNull::slice_from_raw_parts(start, FIRMWARE).as_ref() };
    // The CPU's first instruction, 16 bytes below 1 MiB, is a far jump in every PC firmware, and
    // the ACPI root pointer lies here, at a multiple of 16 (ACPI 6.5, section 5.2.5.1).
    check_eq!(firmware[FIRMWARE - 16], 0xea);
    let tables = firmware
        .chunks(16)
        .any(|chunk| chunk.starts_with(b"RSD PTR "));
    check!(tables, "no ACPI root pointer");
    Ok(())
}

pub fn firmware_cannot_be_written() -> TestResult {
    must_fault(WRITE_FIRMWARE, FIRMWARE_IN_CHILD)
}
