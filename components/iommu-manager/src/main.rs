// SPDX-License-Identifier: BSD-2-Clause
//! The IOMMU manager. So far it reads only: it maps the remapping unit's registers and the table of
//! DMA grants, reports both, and lives on without ever being called.
#![no_std]
#![no_main]

use core::arch::x86_64::__cpuid;

use console_interface::own_stream;
use image_spec::dma_grants::Table;
use iommu_manager_core::{Line, report};
use mmio::MmioRegion;
use sel4_microkit::{
    ChannelSet, Handler, Infallible, memory_region_symbol, protection_domain, var,
};
use vtd::Unit;

/// CPUID leaf 1, ECX: the processor has an x2APIC. Where it has one, the kernel uses it.
const X2APIC: u32 = 1 << 21;

struct IommuManager;

#[protection_domain]
fn init() -> IommuManager {
    own_stream!();
    let base = memory_region_symbol!(vtd_registers: *mut u8);
    let size = *var!(vtd_registers_size: usize = 0);
    // SAFETY: the image tool mapped the region of that symbol, with this size, for this program
    // alone, and this is the only use of it.
    let registers = unsafe { MmioRegion::new(base, size) };
    let unit = Unit::probe(registers);

    let table = memory_region_symbol!(dma_grants: *mut u8);
    let size = *var!(dma_grants_size: usize = 0);
    // SAFETY: the image tool mapped the region of that symbol, with this size, read-only; nobody
    // writes it once the system runs.
    let bytes = unsafe { core::slice::from_raw_parts(table.as_ptr(), size) };

    let x2apic = __cpuid(1).ecx & X2APIC != 0;
    report(
        unit.as_ref().map_err(|absent| *absent),
        Table::parse(bytes),
        x2apic,
        |line| match line {
            Line::Info(text) => log::info!("{text}"),
            Line::Warning(text) => log::warn!("{text}"),
            Line::Error(text) => log::error!("{text}"),
        },
    );
    IommuManager
}

impl Handler for IommuManager {
    type Error = Infallible;

    /// Input from the console, which says nothing to this program.
    fn notified(&mut self, _: ChannelSet) -> Result<(), Infallible> {
        Ok(())
    }
}
