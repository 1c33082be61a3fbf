// SPDX-License-Identifier: BSD-2-Clause
//! The IOMMU manager: the one who decides what devices may reach. See the library for what it does.
//!
//! It serves calls of any channel; only that of the PF manager (`setvar_id="pf_manager_channel"`)
//! may change something. The `irq` of fault events has `setvar_id="fault_irq"`, and its id must be
//! its vector.
#![no_std]
#![no_main]

use core::arch::x86_64::{__cpuid, __cpuid_count, _rdtsc};
use core::convert::Infallible;
use core::ops::Range;
use core::ptr::NonNull;

use console_interface::own_stream;
use heapless::Vec;
use image_spec::dma_grants::FIRST_VECTOR;
use iommu_manager_core::{Given, MAX_UNITS, Manager, Pages};
use iommu_manager_interface::REPLY_WORDS;
use mmio::{MmioRegion, SharedRegion};
use sel4_microkit::{
    Channel, ChannelSet, Handler, MessageInfo, protection_domain, var, with_msg_regs,
    with_msg_regs_mut,
};
use vtd::{ApicId, Vector};

/// CPUID leaf 1, ECX: the processor has an x2APIC. Where it has one, the kernel uses it.
const X2APIC: u32 = 1 << 21;

/// What `setvar_id` leaves where the attribute is not used.
const UNSET: usize = usize::MAX;

/// Where a region is mapped, and its size; `None` if it is not.
macro_rules! region {
    ($base:ident, $size:ident) => {
        NonNull::new(*var!($base: usize = 0) as *mut u8).map(|base| (base, *var!($size: usize = 0)))
    };
}

struct IommuManager {
    manager: Manager<'static, MmioRegion, Pages>,
    fault_irq: Option<Channel>,
    pf_manager: Option<Channel>,
}

#[protection_domain]
fn init() -> IommuManager {
    own_stream!();
    let id = |id: usize| (id != UNSET).then(|| Channel::new(id));
    let fault_irq = id(*var!(fault_irq: usize = UNSET));
    let pf_manager = id(*var!(pf_manager_channel: usize = UNSET));
    let grants = bytes(region!(dma_grants, dma_grants_size));
    let dmar = bytes(region!(acpi_dmar, acpi_dmar_size));
    let x2apic = __cpuid(1).ecx & X2APIC != 0;
    let given = Given {
        grants,
        dmar,
        units: units(),
        x2apic,
        // The extended id is there whenever there is an x2APIC (Intel SDM volume 3, 11.12.5.1).
        apic: ApicId(if x2apic {
            __cpuid_count(0xb, 0).edx
        } else {
            __cpuid(1).ebx >> 24
        }),
        fault_vector: fault_irq.map(|irq| Vector(FIRST_VECTOR + irq.index() as u8)),
    };
    IommuManager {
        manager: Manager::start(given, |physical| Pages::new(tables(physical))),
        fault_irq,
        pf_manager,
    }
}

/// A region that nobody writes once the system runs; empty if it is not mapped.
fn bytes(region: Option<(NonNull<u8>, usize)>) -> &'static [u8] {
    match region {
        // SAFETY: the image tool mapped a region of this size there, and refuses systems in which
        // anybody may write it.
        Some((base, size)) => unsafe { core::slice::from_raw_parts(base.as_ptr(), size) },
        None => &[],
    }
}

/// The memory for tables, which is at these physical addresses.
fn tables(physical: Range<u64>) -> SharedRegion {
    let bytes = (physical.end - physical.start) as usize;
    match region!(iommu_tables, iommu_tables_size) {
        // SAFETY: the image tool mapped the region of that symbol, with this size, for this program
        // alone, and this is called once.
        Some((base, size)) => unsafe { SharedRegion::new(base, bytes.min(size), physical.start) },
        None => SharedRegion::from_words(&mut [], 0),
    }
}

/// The registers of the units that are mapped.
fn units() -> Vec<(u64, MmioRegion), MAX_UNITS> {
    macro_rules! unit {
        ($base:ident, $size:ident, $physical:ident) => {
            region!($base, $size).map(|(base, size)| {
                // SAFETY: the image tool mapped the region of that symbol, with this size, for
                // this program alone, and this is the only use of it.
                let registers = unsafe { MmioRegion::new(base, size) };
                (*var!($physical: u64 = 0), registers)
            })
        };
    }
    let units = [
        unit!(vtd_registers, vtd_registers_size, vtd_registers_paddr),
        unit!(vtd_registers_1, vtd_registers_1_size, vtd_registers_1_paddr),
        unit!(vtd_registers_2, vtd_registers_2_size, vtd_registers_2_paddr),
        unit!(vtd_registers_3, vtd_registers_3_size, vtd_registers_3_paddr),
    ];
    units.into_iter().flatten().collect()
}

fn clock() -> u64 {
    // SAFETY: the kernel lets programs read the time-stamp counter.
    unsafe { _rdtsc() }
}

impl Handler for IommuManager {
    type Error = Infallible;

    /// A fault event, or input from the console, which says nothing to this program.
    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        let news = self.manager.serve_faults(clock);
        if let Some(irq) = self.fault_irq.filter(|irq| channels.contains(*irq))
            && let Err(error) = irq.irq_ack()
        {
            log::error!("{error}");
        }
        if let Some(pf_manager) = self.pf_manager.filter(|_| news) {
            pf_manager.notify();
        }
        Ok(())
    }

    fn protected(&mut self, client: Channel, info: MessageInfo) -> Result<MessageInfo, Infallible> {
        let trusted = self.pf_manager == Some(client);
        let reply = with_msg_regs(|registers| {
            // Never longer than the registers; what is too short or too long is refused.
            let words = registers.get(..info.count()).unwrap_or_default();
            self.manager.call(trusted, words, clock)
        });
        with_msg_regs_mut(|registers| registers[..REPLY_WORDS].copy_from_slice(&reply));
        Ok(MessageInfo::new(0, REPLY_WORDS))
    }
}
