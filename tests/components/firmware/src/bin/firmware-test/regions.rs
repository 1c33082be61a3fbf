// SPDX-License-Identifier: BSD-2-Clause
//! The memory that system.xml gives to the tests.

use core::ptr::NonNull;

use image_spec::dma_grants::Table;
use mmio::{Mmio, MmioRegion};
use sel4_microkit::{memory_region_symbol, var};
use sel4_test::{Failure, fail};

/// The region of the ACPI table.
pub fn dmar() -> &'static [u8] {
    let start: NonNull<u8> = memory_region_symbol!(acpi_dmar: *mut u8);
    let size = *var!(acpi_dmar_size: usize = 0);
    // SAFETY: mapped for good, as long as that, and written by nobody.
    unsafe { NonNull::slice_from_raw_parts(start, size).as_ref() }
}

/// The table of DMA grants.
pub fn grants() -> Result<Table<'static>, Failure> {
    let start: NonNull<u8> = memory_region_symbol!(dma_grants: *mut u8);
    let size = *var!(dma_grants_size: usize = 0);
    // SAFETY: mapped for good, as long as that, and written by nobody.
    let bytes = unsafe { NonNull::slice_from_raw_parts(start, size).as_ref() };
    match Table::parse(bytes) {
        Ok(table) => Ok(table),
        Err(error) => fail!("{error}"),
    }
}

/// The memory for the IOMMU's own tables.
pub fn tables() -> &'static [u8] {
    let start: NonNull<u8> = memory_region_symbol!(iommu_tables: *mut u8);
    let size = *var!(iommu_tables_size: usize = 0);
    // SAFETY: mapped for good, as long as that, and nobody in this system writes it.
    unsafe { NonNull::slice_from_raw_parts(start, size).as_ref() }
}

/// Whether there is a remapping unit: its version register does not read as all ones.
pub fn unit() -> bool {
    let start: NonNull<u8> = memory_region_symbol!(unit: *mut u8);
    // SAFETY: system.xml maps a page of registers there, uncached, and nothing writes through it.
    let registers = unsafe { MmioRegion::new(start, 0x1000) };
    registers.read32(0) != u32::MAX
}
