// SPDX-License-Identifier: BSD-2-Clause
//! The PC as a guest uses it: which device is where, and which interrupt it has.

mod accesses;

use std::string::String;

use vmm_apic::{APIC_PAGE, Help, LocalApic, VirtualApic};
use vmm_base::Width::{Byte, Dword, Qword, Word};
use vmm_base::{Gpa, Message, Width};
use vmm_devices::Start;
use vmm_pci::{Bar, Bus as PciBus, ConfigSpace, Function, Identity, Location, MsiX};
use vmm_virtio::devices::console::Terminal;

use super::{Pc, place};
use crate::{Bus, Platform, Stop};

const HERTZ: u64 = 1_000_000;

/// Nobody's: the local APIC is software.
struct NoApic;

impl VirtualApic for NoApic {
    fn read(&self, _: u16) -> u32 {
        0
    }

    fn write(&self, _: u16, _: u64) {}

    fn status(&self) -> u16 {
        0
    }

    fn set_status(&self, _: u16) {}

    fn post(&self, _: u8) {}

    fn set_end_exits(&self, _: u8, _: u64) {}
}

/// A function that raises its message for every write to its first register.
struct Bell {
    config: ConfigSpace,
    msix: MsiX,
}

impl Bell {
    fn new() -> Self {
        let mut config = ConfigSpace::new(Identity {
            vendor: 0x1234,
            device: 0x5678,
            revision: 0,
            class: 0xff_0000,
            subsystem_vendor: 0,
            subsystem: 0,
        });
        config.add_bar(0, Bar::memory32(0x1000)).unwrap();
        let place = |offset| Location { bar: 0, offset };
        let msix = MsiX::new(&mut config, 1, place(0x800), place(0xc00)).unwrap();
        Self { config, msix }
    }
}

impl Function for Bell {
    fn config(&self) -> &ConfigSpace {
        &self.config
    }

    fn config_mut(&mut self) -> &mut ConfigSpace {
        &mut self.config
    }

    fn read_bar(&mut self, bar: u8, offset: u64, width: Width) -> u64 {
        self.msix.read(bar, offset, width).unwrap_or(0x11)
    }

    fn write_bar(&mut self, bar: u8, offset: u64, width: Width, value: u64) {
        if self.msix.write(bar, offset, width, value).is_none() && offset == 0 {
            self.msix.raise(0);
        }
    }

    fn take_message(&mut self) -> Option<Message> {
        self.msix.take_message(&self.config)
    }
}

#[derive(Default)]
struct Paper {
    written: String,
    input: &'static [u8],
}

impl Terminal for Paper {
    fn write(&mut self, bytes: &[u8]) {
        self.written
            .extend(bytes.iter().map(|byte| char::from(*byte)));
    }

    fn flush(&mut self) {}

    fn read(&mut self, into: &mut [u8]) -> usize {
        let count = into.len().min(self.input.len());
        let (now, later) = self.input.split_at(count);
        into[..count].copy_from_slice(now);
        self.input = later;
        count
    }
}

fn pc() -> Pc<NoApic, Bell, Paper> {
    let mut bus = PciBus::new(place::PCI_MEMORY);
    bus.add(3, Bell::new()).unwrap();
    let help = Help {
        delivery: false,
        page: false,
    };
    let clock = Start {
        hertz: HERTZ,
        now: 0,
        seconds: 0,
    };
    let mut pc = Pc::new(LocalApic::new(0, true), help, clock, bus, Paper::default());
    // The local APIC on.
    pc.write(Gpa(APIC_PAGE + 0xf0), Dword, 0x1ff);
    pc
}

fn end_of_interrupt(pc: &mut Pc<NoApic, Bell, Paper>) {
    pc.write(Gpa(APIC_PAGE + 0xb0), Dword, 0);
}

/// Routes a pin of the IOAPIC to a vector.
fn route(pc: &mut Pc<NoApic, Bell, Paper>, pin: u64, vector: u64) {
    for (register, value) in [(0x11, 0), (0x10, vector)] {
        pc.write(place::IO_APIC, Dword, register + 2 * pin);
        pc.write(Gpa(place::IO_APIC.0 + 0x10), Dword, value);
    }
}

#[test]
fn the_serial_port_is_the_terminals() {
    let mut pc = pc();
    for byte in *b"hello" {
        pc.write_port(0x3f8, Byte, byte.into());
    }
    assert_eq!(pc.terminal.written, "hello");
    pc.terminal.input = b"ab";
    pc.take_input();
    assert_eq!(pc.read_port(0x3f8, Byte), u32::from(b'a'));
    pc.take_input();
    assert_eq!(pc.read_port(0x3f8, Byte), u32::from(b'b'));
    assert_eq!(pc.read_port(0x3fd, Byte), 0x60);
}

#[test]
fn the_serial_port_has_pin_4() {
    let mut pc = pc();
    route(&mut pc, 4, 0x44);
    pc.write_port(0x3fc, Byte, 0x08);
    pc.write_port(0x3f9, Byte, 0x02);
    assert_eq!(pc.interrupt(), Some(0x44));
    pc.accept(0x44);
    assert_eq!(pc.interrupt(), None);
    assert_eq!(pc.read_port(0x3fa, Byte), 0x02);
    end_of_interrupt(&mut pc);
    assert_eq!(pc.interrupt(), None);
    pc.write_port(0x3f8, Byte, b'x'.into());
    assert_eq!(pc.interrupt(), Some(0x44));
}

#[test]
fn the_clock_has_pin_8() {
    let mut pc = pc();
    route(&mut pc, 8, 0x48);
    assert_eq!(pc.deadline(), None);
    pc.write_port(0x70, Byte, 0x0b);
    pc.write_port(0x71, Byte, 0x12);
    assert_eq!(pc.deadline(), Some(HERTZ));
    pc.set_now(HERTZ - 1);
    assert_eq!(pc.interrupt(), None);
    pc.set_now(HERTZ);
    assert_eq!((pc.interrupt(), pc.deadline()), (Some(0x48), None));
    pc.write_port(0x70, Byte, 0x0c);
    assert_eq!(pc.read_port(0x71, Byte) & 0x90, 0x90);
    assert_eq!(pc.deadline(), Some(2 * HERTZ));
}

#[test]
fn functions_send_messages() {
    let mut pc = pc();
    let address = |register: u64| Gpa(place::ECAM.0 + (3 << 15) + register);
    let bar = pc.read(address(0x10), Dword);
    pc.write(address(4), Word, 0b110);
    let capability = pc.read(address(0x34), Byte);
    pc.write(address(capability + 2), Word, 1 << 15);
    pc.write(Gpa(bar + 0x800), Qword, 0xfee0_0000);
    pc.write(Gpa(bar + 0x808), Qword, 0x61);
    assert_eq!(pc.interrupt(), None);
    assert_eq!(pc.read(Gpa(bar), Byte), 0x11);
    pc.write(Gpa(bar), Dword, 1);
    assert_eq!(pc.interrupt(), Some(0x61));
}

#[test]
fn configuration_space_has_two_ways() {
    let mut pc = pc();
    pc.write_port(0xcf8, Dword, 1 << 31 | 3 << 11);
    assert_eq!(pc.read_port(0xcfc, Dword), 0x5678_1234);
    assert_eq!(pc.read(Gpa(place::ECAM.0 + (3 << 15)), Dword), 0x5678_1234);
    pc.remove_config_ports();
    for width in [Byte, Word, Dword] {
        pc.write_port(0xcf8, width, 0);
        assert_eq!(u64::from(pc.read_port(0xcfc, width)), width.mask());
    }
    assert_eq!(pc.read_port(0xcf8, Dword), u32::MAX);
    assert_eq!(pc.read(Gpa(place::ECAM.0 + (3 << 15)), Dword), 0x5678_1234);
}

#[test]
fn each_end_has_its_port() {
    for (port, width, value, stop) in [
        (0x600, Byte, 0x34, Some(Stop::PowerOff)),
        (0x602, Byte, 1, Some(Stop::Reset)),
        (0x64, Byte, 0xfe, Some(Stop::Reset)),
        (0x92, Byte, 3, Some(Stop::Reset)),
        (0xcf9, Byte, 6, Some(Stop::Reset)),
        (0xcf8, Dword, 0x0606_0606, None),
        (0xf4, Byte, 0x31, Some(Stop::DebugExit(0x31))),
        (0xf4, Dword, 0x1_0000, Some(Stop::DebugExit(0x1_0000))),
        (0x601, Byte, 0x34, None),
        (0x80, Byte, 1, None),
    ] {
        let mut pc = pc();
        pc.write_port(port, width, value);
        assert_eq!(pc.take_stop(), stop, "{port:#x} {value:#x}");
        assert_eq!(pc.take_stop(), None);
    }
}

#[test]
fn nobody_is_elsewhere() {
    let mut pc = pc();
    for at in [
        0xa_0000,
        0xbfff_fff8,
        0xd000_0000,
        0xe010_0000,
        0xfed0_0000,
        1 << 40,
        !7,
    ] {
        pc.write(Gpa(at), Qword, 0);
        assert_eq!(pc.read(Gpa(at), Qword), u64::MAX, "{at:#x}");
        assert_eq!(pc.read(Gpa(at), Byte), 0xff);
    }
    for port in [
        0x20, 0x21, 0xa1, 0x2f8, 0x3f7, 0x400, 0x603, 0xcf7, 0xd00, 0xffff,
    ] {
        pc.write_port(port, Byte, 0);
        assert_eq!(pc.read_port(port, Byte), 0xff, "{port:#x}");
        assert_eq!(pc.read_port(port, Dword), u32::MAX);
    }
    // Wider than the devices: nothing of them.
    assert_eq!(pc.read_port(0x3ff, Word), 0xffff);
    assert_eq!(pc.read_port(0x71, Dword), u32::MAX);
}
