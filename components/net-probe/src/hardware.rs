// SPDX-License-Identifier: BSD-2-Clause
//! The regions that `system.xml` gives the program.

use igbvf::Igbvf;
use mmio::{MmioRegion, OutgoingRegion, SharedRegion};
use sel4_microkit::{memory_region_symbol, var};

/// The driver of the virtual function.
pub type Driver = Igbvf<MmioRegion, SharedRegion, OutgoingRegion>;

/// The driver, and the BAR with the MSI-X table.
///
/// # Panics
///
/// If a region is missing or too small.
pub fn take() -> (Driver, MmioRegion) {
    let base = memory_region_symbol!(vf_registers: *mut u8);
    // SAFETY: the image tool mapped the region of that symbol, with this size, for this program
    // alone, and this is the only use of it. The same holds for the other regions.
    let registers = unsafe { MmioRegion::new(base, *var!(vf_registers_size: usize = 0)) };

    let base = memory_region_symbol!(vf_msix: *mut u8);
    // SAFETY: as above.
    let msix = unsafe { MmioRegion::new(base, *var!(vf_msix_size: usize = 0)) };

    // The device finds memory at the addresses that this program has for it.
    let base = memory_region_symbol!(shared_memory: *mut u8);
    let (size, address) = (*var!(shared_memory_size: usize = 0), base.addr().get());
    // SAFETY: as above; regions are whole pages.
    let shared = unsafe { SharedRegion::new(base, size, address as u64) };

    let base = memory_region_symbol!(outgoing_memory: *mut u8);
    let (size, address) = (*var!(outgoing_memory_size: usize = 0), base.addr().get());
    // SAFETY: as above; the iomap of the region has perms="r", so that no device writes to it.
    let outgoing = unsafe {
        let bytes = core::slice::from_raw_parts_mut(base.as_ptr(), size);
        OutgoingRegion::new(bytes, address as u64)
    };
    match Igbvf::new(registers, shared, outgoing) {
        Ok(driver) => (driver, msix),
        Err(failure) => panic!("system.xml: {failure}"),
    }
}
