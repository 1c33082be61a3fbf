// SPDX-License-Identifier: BSD-2-Clause
//! Others than those who wrote the tables read them: the crate `acpi`, made for operating systems,
//! and a small reader of ACPI's machine language.

mod reader;

use std::ptr::NonNull;

use acpi::address::{AddressSpace, GenericAddress};
use acpi::fadt::Fadt;
use acpi::madt::{Madt, MadtEntry};
use acpi::mcfg::Mcfg;
use acpi::{AcpiHandler, AcpiTables, PhysicalMapping};
use reader::Resource::{Buses, Fixed, Interrupt, Memory, Ports};
use reader::Value;
use vmm_acpi::{Device, Machine, tables};
use vmm_base::Gpa;

const AT: u64 = 0xe_0000;

fn machine(cpus: u8) -> Machine {
    Machine {
        cpus,
        local_apic: 0xfee0_0000,
        io_apic: 0xfec0_0000,
        ecam: 0xe000_0000,
        pci_memory: 0xc000_0000..=0xdfff_ffff,
        pci_ports: Some(0xcf8),
        serial: Some(Device {
            port: 0x3f8,
            interrupt: 4,
        }),
        clock: Some(Device {
            port: 0x70,
            interrupt: 8,
        }),
        sleep_control: 0x600,
        sleep_status: 0x601,
        sleep_type_off: 5,
        reset: 0x602,
        reset_value: 1,
    }
}

/// The guest's memory, with the tables in it and nothing else.
#[derive(Clone)]
struct Guest(std::rc::Rc<Vec<u8>>);

impl Guest {
    fn new(machine: &Machine) -> Self {
        Self(tables(Gpa(AT), machine).into())
    }

    fn acpi(&self) -> AcpiTables<Self> {
        // SAFETY: addresses are checked when they are mapped.
        unsafe { AcpiTables::from_rsdp(self.clone(), AT as usize) }.expect("tables")
    }

    fn bytes(&self, address: usize, length: usize) -> &[u8] {
        let offset = address
            .checked_sub(AT as usize)
            .expect("an address of a table");
        &self.0[offset..offset + length]
    }
}

impl AcpiHandler for Guest {
    unsafe fn map_physical_region<T>(
        &self,
        address: usize,
        size: usize,
    ) -> PhysicalMapping<Self, T> {
        let bytes = self.bytes(address, size);
        let start = NonNull::from(bytes).cast();
        // SAFETY: the bytes live as long as the handler, which the mapping keeps.
        unsafe { PhysicalMapping::new(address, start, size, size, self.clone()) }
    }

    fn unmap_physical_region<T>(_region: &PhysicalMapping<Self, T>) {}
}

/// The port of a register of a byte.
fn port(register: GenericAddress) -> u64 {
    let GenericAddress {
        address_space,
        bit_width,
        bit_offset,
        address,
        ..
    } = register;
    assert_eq!(
        (address_space, bit_width, bit_offset),
        (AddressSpace::SystemIo, 8, 0)
    );
    address
}

#[test]
fn they_fit_into_the_page_that_the_loader_keeps() {
    for cpus in [1, 4, 32] {
        let Guest(bytes) = Guest::new(&machine(cpus));
        assert!(
            bytes.len() <= 0x1000,
            "{} bytes for {cpus} CPUs",
            bytes.len()
        );
        assert_eq!(&bytes[..8], b"RSD PTR ");
    }
}

#[test]
fn all_tables_are_found_and_whole() {
    let guest = Guest::new(&machine(2));
    let acpi = guest.acpi();
    let signatures: Vec<_> = acpi
        .headers()
        .map(|header| header.signature.to_string())
        .collect();
    assert_eq!(signatures, ["FACP", "APIC", "MCFG"]);
    for header in acpi.headers() {
        assert_eq!(header.oem_id, *b"PSTERN");
    }
    // Looked for by the sums over each: RSDP, then all that it leads to.
    let sum = |bytes: &[u8]| bytes.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte));
    assert_eq!(
        (
            sum(guest.bytes(AT as usize, 20)),
            sum(guest.bytes(AT as usize, 36))
        ),
        (0, 0)
    );
    acpi.find_table::<Fadt>()
        .expect("FADT")
        .validate()
        .expect("its sum");
    let dsdt = acpi.dsdt().expect("DSDT");
    assert_eq!(
        sum(guest.bytes(dsdt.address - 36, 36 + dsdt.length as usize)),
        0
    );
}

#[test]
fn the_machine_is_hardware_reduced() {
    let acpi = Guest::new(&machine(1)).acpi();
    let fadt = acpi.find_table::<Fadt>().expect("FADT");
    let flags = fadt.flags;
    assert!(flags.system_is_hw_reduced_acpi());
    assert!(flags.supports_system_reset_via_fadt());
    assert!(flags.power_button_is_control_method() && flags.sleep_button_is_control_method());
    assert!(flags.no_rtc_wake_in_fixed_register_space());
    let boot = fadt.iapc_boot_arch;
    assert!(!boot.motherboard_implements_8042() && !boot.legacy_devices_are_accessible());
    assert!(boot.dont_probe_vga() && boot.dont_enable_pcie_aspm() && !boot.dont_enable_msi());
    assert!(!boot.use_time_and_alarm_namespace_for_rtc());
    let (control, status) = (fadt.sleep_control_register(), fadt.sleep_status_register());
    assert_eq!(port(control.expect("valid").expect("there")), 0x600);
    assert_eq!(port(status.expect("valid").expect("there")), 0x601);
    assert_eq!(port(fadt.reset_register().expect("valid")), 0x602);
    assert_eq!({ fadt.reset_value }, 1);
}

#[test]
fn the_interrupt_controllers_are_there() {
    for cpus in [1, 2, 4, 254] {
        let acpi = Guest::new(&machine(cpus)).acpi();
        let madt = acpi.find_table::<Madt>().expect("MADT");
        assert!(!madt.get().supports_8259());
        assert_eq!({ madt.get().local_apic_address }, 0xfee0_0000);
        let (mut locals, mut ids) = (Vec::new(), Vec::new());
        for entry in madt.get().entries() {
            match entry {
                MadtEntry::LocalApic(local) => {
                    assert_eq!({ local.flags }, 1);
                    locals.push(local.processor_id);
                    ids.push(local.apic_id);
                }
                MadtEntry::IoApic(io) => {
                    let place = ({ io.io_apic_address }, { io.global_system_interrupt_base });
                    assert_eq!(place, (0xfec0_0000, 0));
                    ids.push(io.io_apic_id);
                }
                _ => panic!("something else"),
            }
        }
        assert_eq!(locals, (0..cpus).collect::<Vec<_>>());
        assert_eq!(ids, (0..=cpus).collect::<Vec<_>>());
    }
}

#[test]
fn configuration_space_is_there() {
    let acpi = Guest::new(&machine(1)).acpi();
    let mcfg = acpi.find_table::<Mcfg>().expect("MCFG");
    let [entry] = mcfg.entries() else {
        panic!("one bus");
    };
    assert_eq!({ entry.base_address }, 0xe000_0000);
    assert_eq!((entry.bus_number_start, entry.bus_number_end), (0, 0));
}

fn names(machine: &Machine) -> std::collections::BTreeMap<String, Value> {
    let guest = Guest::new(machine);
    let dsdt = guest.acpi().dsdt().expect("DSDT");
    reader::read(guest.bytes(dsdt.address, dsdt.length as usize))
}

/// An EISA id as its seven characters say it.
fn id(text: &str) -> Value {
    let letter = |index: usize| u32::from(text.as_bytes()[index] - b'@');
    let vendor = letter(0) << 10 | letter(1) << 5 | letter(2);
    let product = u32::from_str_radix(&text[3..], 16).expect("a number");
    Value::Integer((vendor << 16 | product).swap_bytes().into())
}

#[test]
fn devices_have_their_resources() {
    let names = names(&machine(1));
    for (device, expected_id, expected) in [
        (
            "PCI0",
            "PNP0A08",
            vec![
                Buses(0, 0, 1),
                Memory(0xc000_0000, 0xdfff_ffff, 0x2000_0000),
                Ports(0xcf8, 8),
            ],
        ),
        (
            "MBRD",
            "PNP0C02",
            vec![
                Fixed(0xe000_0000, 0x10_0000),
                Ports(0x600, 1),
                Ports(0x601, 1),
                Ports(0x602, 1),
            ],
        ),
        // Consumed, edge-triggered, active high, not shared.
        (
            "COM1",
            "PNP0501",
            vec![Ports(0x3f8, 8), Interrupt(0b0011, 4)],
        ),
        (
            "RTC0",
            "PNP0B00",
            vec![Ports(0x70, 2), Interrupt(0b0011, 8)],
        ),
    ] {
        assert_eq!(
            names[&format!("\\_SB_.{device}._HID")],
            id(expected_id),
            "{device}"
        );
        let Value::Buffer(bytes) = &names[&format!("\\_SB_.{device}._CRS")] else {
            panic!("{device}: no buffer");
        };
        assert_eq!(reader::resources(bytes), expected, "{device}");
    }
    assert_eq!(names["\\_SB_.PCI0._CID"], id("PNP0A03"));
    assert_eq!(names["\\_SB_.PCI0._OSC"], Value::Method(4));
    assert_eq!(names["\\_SB_.PCI0._BBN"], Value::Integer(0));
}

#[test]
fn the_way_to_turn_it_off_is_known() {
    let off = Value::Package(vec![Value::Integer(5), Value::Integer(0)]);
    assert_eq!(names(&machine(1))["\\_S5_"], off);
}

#[test]
fn devices_that_are_not_there_are_not_described() {
    let bare = Machine {
        serial: None,
        clock: None,
        pci_ports: None,
        ..machine(1)
    };
    let names = names(&bare);
    assert!(names.contains_key("\\_SB_.PCI0._HID"));
    let is_absent = |device: &str| !names.keys().any(|name| name.contains(device));
    assert!(is_absent("COM1") && is_absent("RTC0"));
    let Value::Buffer(bytes) = &names["\\_SB_.PCI0._CRS"] else {
        panic!("no buffer");
    };
    let expected = [
        Buses(0, 0, 1),
        Memory(0xc000_0000, 0xdfff_ffff, 0x2000_0000),
    ];
    assert_eq!(reader::resources(bytes), expected);
}
