// SPDX-License-Identifier: BSD-2-Clause
//! The DSDT (§5.2.11.1): what a guest cannot find out by itself, in ACPI's machine language.

use alloc::vec;
use alloc::vec::Vec;

use acpi_tables::Aml;
use acpi_tables::aml::{
    AddressSpace, AddressSpaceCacheable, Arg, CreateDWordField, Device as AmlDevice, EISAName,
    Else, Equal, IO, If, Interrupt, Memory32Fixed, Method, Name, ONE, Or, Package, Path,
    ResourceTemplate, Return, Scope, Uuid, ZERO,
};

use crate::{Device, Machine};

/// Bytes of the window into the configuration space of one bus.
const ECAM_BYTES: u32 = 1 << 20;
/// §6.2.11: whoever asks is told what the platform can do as a PCI host bridge.
const HOST_BRIDGE_UUID: &str = "33DB4D5B-1FF7-401C-9657-7441C03DD766";
/// Of the first double word that `_OSC` returns.
const UNKNOWN_UUID: u8 = 1 << 2;

/// The contents of the table, behind its header.
pub fn dsdt(machine: &Machine) -> Vec<u8> {
    let mut aml = Vec::new();
    let mut devices = vec![pci(machine), motherboard(machine)];
    devices.extend(
        machine
            .serial
            .map(|device| isa("COM1", "PNP0501", device, 8)),
    );
    devices.extend(
        machine
            .clock
            .map(|device| isa("RTC0", "PNP0B00", device, 2)),
    );
    let children = devices.iter().map(|device| device as &dyn Aml).collect();
    Scope::new("_SB_".into(), children).to_aml_bytes(&mut aml);
    // §7.4.2: the second value is for a register that this machine has not got.
    let off = Package::new(vec![&machine.sleep_type_off, &ZERO]);
    Name::new("_S5_".into(), &off).to_aml_bytes(&mut aml);
    aml
}

/// Machine language that is ready.
struct Code(Vec<u8>);

impl Aml for Code {
    fn to_aml_bytes(&self, sink: &mut dyn acpi_tables::AmlSink) {
        sink.vec(&self.0);
    }
}

fn device(name: &str, children: Vec<&dyn Aml>) -> Code {
    let mut code = Vec::new();
    AmlDevice::new(name.into(), children).to_aml_bytes(&mut code);
    Code(code)
}

/// The host bridge of PCI bus 0 ('PCI Firmware Specification' 4.1.3). No function has an interrupt
/// line, so there is no `_PRT`.
fn pci(machine: &Machine) -> Code {
    let (first, last) = (*machine.pci_memory.start(), *machine.pci_memory.end());
    let bus = AddressSpace::new_bus_number(0u16, 0u16);
    let ports = machine.pci_ports.map(|port| IO::new(port, port, 1, 8));
    let memory =
        AddressSpace::new_memory(AddressSpaceCacheable::NotCacheable, true, first, last, None);
    let mut resources: Vec<&dyn Aml> = vec![&bus, &memory];
    resources.extend(ports.iter().map(|ports| ports as &dyn Aml));
    let resources = ResourceTemplate::new(resources);
    device(
        "PCI0",
        vec![
            &Name::new("_HID".into(), &EISAName::new("PNP0A08")),
            &Name::new("_CID".into(), &EISAName::new("PNP0A03")),
            &Name::new("_UID".into(), &ZERO),
            &Name::new("_SEG".into(), &ZERO),
            &Name::new("_BBN".into(), &ZERO),
            &Name::new("_CRS".into(), &resources),
            &operating_system_capabilities(),
        ],
    )
}

/// `_OSC` (§6.2.11): the operating system gets all that it asks for, as there is no firmware that
/// would want any of it.
fn operating_system_capabilities() -> Code {
    let mut code = Vec::new();
    let status = Path::new("CDW1");
    Method::new(
        "_OSC".into(),
        4,
        false,
        vec![
            &If::new(
                &Equal::new(&Arg(0), &Uuid::new(HOST_BRIDGE_UUID)),
                vec![&Return::new(&Arg(3))],
            ),
            &Else::new(vec![
                &CreateDWordField::new(&status, &Arg(3), &ZERO),
                &Or::new(&status, &status, &UNKNOWN_UUID),
                &Return::new(&Arg(3)),
            ]),
        ],
    )
    .to_aml_bytes(&mut code);
    Code(code)
}

/// What nobody else may take: configuration space, and the registers that the FADT names.
fn motherboard(machine: &Machine) -> Code {
    let ecam = Memory32Fixed::new(true, machine.ecam, ECAM_BYTES);
    let [control, status, reset] = [machine.sleep_control, machine.sleep_status, machine.reset]
        .map(|port| IO::new(port, port, 1, 1));
    let resources = ResourceTemplate::new(vec![&ecam, &control, &status, &reset]);
    device(
        "MBRD",
        vec![
            &Name::new("_HID".into(), &EISAName::new("PNP0C02")),
            &Name::new("_UID".into(), &ZERO),
            &Name::new("_CRS".into(), &resources),
        ],
    )
}

/// A device of a PC.
fn isa(name: &str, id: &str, at: Device, ports: u8) -> Code {
    let io = IO::new(at.port, at.port, 1, ports);
    let interrupt = Interrupt::new(true, true, false, false, at.interrupt.into());
    device(
        name,
        vec![
            &Name::new("_HID".into(), &EISAName::new(id)),
            &Name::new("_UID".into(), &ONE),
            &Name::new("_CRS".into(), &ResourceTemplate::new(vec![&io, &interrupt])),
        ],
    )
}
