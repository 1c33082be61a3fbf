// SPDX-License-Identifier: BSD-2-Clause
//! What system.xml gives to this program.

use core::ptr::NonNull;

use mmio::MmioRegion;
use sel4_microkit::{Channel, memory_region_symbol, var};
use sel4_test::{Failure, TestResult, check_eq};
use sel4_vcpu::IoPort;
use test_support::clock::{self, Clock};
use test_support::pci::Function;
use vtd_sequences::Replay;

use crate::edu::Edu;
use crate::landing::Landing;

/// The remapping unit's registers.
pub fn vtd_registers() -> MmioRegion {
    let base: NonNull<u8> = memory_region_symbol!(vtd_registers: *mut u8);
    // SAFETY: system.xml maps this page, uncached, to this program alone; what there is of it
    // besides the driver's is used while the driver rests.
    unsafe { MmioRegion::new(base, 0x1000) }
}

/// The HPET at the pin that system.xml names. Its interrupt is in compatibility format, which
/// QEMU's unit does not block.
pub fn clock() -> Result<Clock, Failure> {
    let base: NonNull<u8> = memory_region_symbol!(hpet_registers: *mut u8);
    // SAFETY: as above.
    let registers = unsafe { MmioRegion::new(base, clock::REGISTERS) };
    Clock::new(registers, 20, Channel::new(*var!(hpet_irq: usize = 0)))
}

/// Configuration space of the function with a requester id.
fn function(requester: u16) -> Function {
    Function::new(IoPort::new(*var!(pci_ports: usize = 0)), requester)
}

/// The root port at 00:1c.0, which leads to bus 1.
const PORT: u16 = 0x1c << 3;
/// Where the registers of device n are, as system.xml says.
const BARS: u32 = 0xd000_0000;
const BAR_BYTES: u32 = 0x10_0000;

/// The devices of the plan, found and switched on.
pub fn devices() -> Result<[Edu; 4], Failure> {
    let devices = Replay::PLAN.devices;
    check_eq!(devices.len(), 4);
    open_port(BARS + 3 * BAR_BYTES)?;
    let edu = |number: usize| {
        let base: NonNull<u8> = memory_region_symbol!(edu_registers: *mut u8);
        // SAFETY: system.xml maps a page for each of the four devices, one after the other,
        // uncached, to this program alone; each has one value.
        let registers = unsafe { MmioRegion::new(base.add(number * 0x1000), 0x1000) };
        let bar = BARS + number as u32 * BAR_BYTES;
        Edu::new(function(devices[number].0), registers, bar)
    };
    Ok([edu(0)?, edu(1)?, edu(2)?, edu(3)?])
}

/// Has the root port forward what is for the device behind it (PCI-to-PCI Bridge Architecture
/// Specification 1.2, section 3.2.5).
fn open_port(bar: u32) -> TestResult {
    const COMMAND: u8 = 0x04;
    const BUSES: u8 = 0x18;
    const MEMORY: u8 = 0x20;
    let port = function(PORT);
    check_eq!(port.read(BUSES)? >> 8 & 0xff, 1, "the root port's bus");
    let base = bar >> 16;
    port.write(MEMORY, base << 16 | base)?;
    let command = port.read(COMMAND)?;
    port.write(COMMAND, command & 0xffff | 0x6)?;
    Ok(())
}

/// The memory that DMA may reach.
pub fn landing() -> Result<Landing, Failure> {
    let base: NonNull<u64> = memory_region_symbol!(landing: *mut u64);
    let range = Replay::PLAN.landing.unwrap_or_default();
    check_eq!(*var!(landing_paddr: u64 = 0), range.start);
    let bytes = (range.end - range.start) as usize;
    // SAFETY: system.xml maps the plan's memory to this program alone; one value at a time.
    Ok(unsafe { Landing::new(base, range.start, bytes) })
}
