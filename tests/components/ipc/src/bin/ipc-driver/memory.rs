// SPDX-License-Identifier: BSD-2-Clause
//! Memory regions.

use core::ptr::NonNull;

use sel4_microkit::{memory_region_symbol, var};
use sel4_test::{TestResult, check, check_eq};

use crate::context::Context;

const SHARED: usize = 0x3000;
const LARGE: usize = 0x20_0000;
const FILE: usize = 0x2000;

/// What the file is made of.
const CONTENT: &[u8] = include_bytes!("../../../prefill.txt");

fn shared() -> NonNull<[u8]> {
    memory_region_symbol!(shared_vaddr: *mut [u8], n = SHARED)
}

fn read(region: NonNull<[u8]>, at: usize) -> u8 {
    assert!(at < region.len());
    // SAFETY: the region is mapped for good, and `at` lies in it. Volatile: the same memory has
    // another address too.
    unsafe { region.cast::<u8>().add(at).read_volatile() }
}

fn write(region: NonNull<[u8]>, at: usize, byte: u8) {
    assert!(at < region.len());
    // SAFETY: as in `read`; the callers' regions are mapped writable.
    unsafe { region.cast::<u8>().add(at).write_volatile(byte) }
}

pub fn a_prefilled_region_has_the_file(_: &mut Context) -> TestResult {
    let file = memory_region_symbol!(file_vaddr: *mut [u8], n = FILE);
    check_eq!(*var!(file_size: usize = 0), CONTENT.len());
    for (i, expected) in CONTENT.iter().enumerate() {
        check_eq!(read(file, i), *expected, "byte {i}");
    }
    for i in CONTENT.len()..FILE {
        check_eq!(read(file, i), 0, "byte {i}");
    }
    Ok(())
}

pub fn regions_are_zero_at_first(_: &mut Context) -> TestResult {
    for i in 0..SHARED {
        check_eq!(read(shared(), i), 0, "byte {i}");
    }
    Ok(())
}

/// Writable, read-only and uncached mappings of one region in one program.
pub fn two_mappings_show_one_memory(_: &mut Context) -> TestResult {
    let alias = memory_region_symbol!(alias_vaddr: *mut [u8], n = SHARED);
    let uncached = memory_region_symbol!(uncached_vaddr: *mut [u8], n = SHARED);
    for (i, at) in [0, 0xfff, 0x1000, SHARED - 1].into_iter().enumerate() {
        let byte = 0x40 + i as u8;
        write(shared(), at, byte);
        check_eq!(read(alias, at), byte, "read-only mapping at {at:#x}");
        check_eq!(read(uncached, at), byte, "uncached mapping at {at:#x}");
        write(uncached, at, byte + 1);
        check_eq!(
            read(shared(), at),
            byte + 1,
            "after an uncached write at {at:#x}"
        );
    }
    Ok(())
}

pub fn a_large_page_is_writable_to_its_end(_: &mut Context) -> TestResult {
    let large = memory_region_symbol!(large_vaddr: *mut [u8], n = LARGE);
    for at in (0..LARGE).step_by(0x1000).chain([LARGE - 1]) {
        check_eq!(read(large, at), 0, "at {at:#x}");
        write(large, at, (at >> 12) as u8 | 1);
    }
    for at in (0..LARGE).step_by(0x1000) {
        check_eq!(read(large, at), (at >> 12) as u8 | 1, "at {at:#x}");
    }
    Ok(())
}

/// The HPET's capability register: the vendor, and a period below 100 ns.
pub fn a_device_register_is_readable(_: &mut Context) -> TestResult {
    let hpet = memory_region_symbol!(hpet_vaddr: *mut u64);
    // SAFETY: the region is mapped for good; reading this register changes nothing.
    let capabilities = unsafe { hpet.read_volatile() };
    check_eq!(capabilities >> 16 & 0xffff, 0x8086, "vendor");
    let femtoseconds = capabilities >> 32;
    check!(
        (1..=100_000_000).contains(&femtoseconds),
        "period of {femtoseconds} fs"
    );
    Ok(())
}
