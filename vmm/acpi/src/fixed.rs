// SPDX-License-Identifier: BSD-2-Clause
//! The tables without code: FADT (§5.2.9), MADT (§5.2.12), MCFG ('PCI Firmware Specification' 4.1.2).

use acpi_tables::fadt::{FADT, FADTBuilder, Flags, PmProfile};
use acpi_tables::gas::{AccessSize, AddressSpace, GAS};
use acpi_tables::madt::{
    EnabledStatus, IoApic, LocalInterruptController, MADT, ProcessorLocalApic,
};
use acpi_tables::mcfg::MCFG;

use crate::{Machine, OEM, OEM_REVISION, OEM_TABLE};

/// The boot architecture flags (§5.2.9.3): no VGA, no power management of PCI links. That there is
/// no i8042 is said by the flag for it, which is missing.
const BOOT_ARCHITECTURE: u16 = 1 << 2 | 1 << 4;
/// The CMOS register of the century.
const CENTURY: u8 = 0x32;

/// What is fixed: the registers, and the address of the DSDT.
pub fn fadt(machine: &Machine, dsdt: u64) -> FADT {
    let mut fadt = FADTBuilder::new(OEM, OEM_TABLE, OEM_REVISION)
        .dsdt_64(dsdt)
        .preferred_pm_profile(PmProfile::Unspecified)
        .flag(Flags::HwReducedAcpi)
        .flag(Flags::ResetRegSup)
        // WBINVD works. There are no buttons, and no alarm of the clock, in fixed registers.
        .flag(Flags::Wbinvd)
        .flag(Flags::PwrButton)
        .flag(Flags::SlpButton)
        .flag(Flags::FixRtc);
    fadt.iapc_boot_arch = BOOT_ARCHITECTURE.into();
    fadt.century = CENTURY;
    fadt.reset_reg = port(machine.reset);
    fadt.reset_value = machine.reset_value;
    fadt.sleep_control_reg = port(machine.sleep_control);
    fadt.sleep_status_reg = port(machine.sleep_status);
    fadt.hypervisor_vendor_identity = u64::from_le_bytes(*b"Postern\0").into();
    fadt.finalize()
}

/// The interrupt controllers. There are no PICs beside them.
pub fn madt(machine: &Machine) -> MADT {
    let local = LocalInterruptController::Address(machine.local_apic);
    let mut madt = MADT::new(OEM, OEM_TABLE, OEM_REVISION, local);
    for cpu in 0..machine.cpus {
        madt.add_structure(ProcessorLocalApic::new(cpu, cpu, EnabledStatus::Enabled));
    }
    // The ids of the APICs, of both kinds, differ.
    madt.add_structure(IoApic::new(machine.cpus, machine.io_apic, 0));
    madt
}

/// Where configuration space is.
pub fn mcfg(machine: &Machine) -> MCFG {
    let mut mcfg = MCFG::new(OEM, OEM_TABLE, OEM_REVISION);
    mcfg.add_ecam(machine.ecam.into(), 0, 0, 0);
    mcfg
}

/// A register of one byte at a port.
fn port(port: u16) -> GAS {
    GAS::new(
        AddressSpace::SystemIo,
        8,
        0,
        AccessSize::ByteAccess,
        port.into(),
    )
}
