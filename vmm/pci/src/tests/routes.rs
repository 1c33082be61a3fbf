// SPDX-License-Identifier: BSD-2-Clause
//! Which function an access to memory or to the configuration ports reaches.

use vmm_base::Gpa;
use vmm_base::Width::{Byte, Dword, Qword, Word};

use super::device::{ADDRESSES, Device};
use crate::{Bus, Function, Window};

const MEMORY: u32 = 1 << 1;
const BAR0: u16 = 0x10;
const BAR2: u16 = 0x18;

fn bus() -> Bus<Device> {
    let mut bus = Bus::new(ADDRESSES);
    for device in [1, 2] {
        bus.add(device, Device::new(3)).unwrap();
        bus.write_config(device, 4, Word, MEMORY);
    }
    bus
}

fn place(bus: &mut Bus<Device>, device: u8, register: u16, address: u64) {
    bus.write_config(device, register, Dword, address as u32);
    if register == BAR0 {
        bus.write_config(device, register + 4, Dword, (address >> 32) as u32);
    }
}

#[test]
fn accesses_reach_the_bar_that_decodes_them() {
    let mut bus = bus();
    place(&mut bus, 1, BAR0, 0xd000_0000);
    place(&mut bus, 1, BAR2, 0xd001_0000);
    place(&mut bus, 2, BAR0, 0xd002_0000);
    for (at, width, expected) in [
        (0xd000_0000, Dword, Some((1, 0, 0))),
        (0xd000_3fff, Byte, Some((1, 0, 0x3fff))),
        (0xd000_3ffd, Dword, None),
        (0xd000_3ff8, Qword, Some((1, 0, 0x3ff8))),
        (0xd000_4000, Byte, None),
        (0xcfff_ffff, Word, None),
        (0xd001_0123, Word, Some((1, 2, 0x123))),
        (0xd002_0010, Qword, Some((2, 0, 0x10))),
        (0, Dword, None),
        (u64::MAX, Byte, None),
        (u64::MAX - 2, Dword, None),
    ] {
        assert_eq!(bus.decode(Gpa(at), width), expected, "{at:#x}");
    }
    assert_eq!(bus.read_memory(Gpa(0xd000_0010), Word), Some(0x10));
    assert_eq!(bus.write_memory(Gpa(0xd002_0011), Byte, 7), Some(()));
    assert_eq!(bus.write_memory(Gpa(0xdf00_0000), Byte, 7), None);
    assert_eq!(bus.read_memory(Gpa(0xdf00_0000), Byte), None);
    let accesses = &bus.function(2).unwrap().accesses;
    assert_eq!(*accesses, [(0, 0x11, Byte, Some(7))]);
}

#[test]
fn only_what_is_enabled_is_decoded() {
    let mut bus = bus();
    let start = bus.function(1).unwrap().config().bar_address(0).unwrap();
    assert_eq!(bus.decode(Gpa(start), Byte), Some((1, 0, 0)));
    let moves = bus.moves();
    bus.write_config(1, 4, Word, 0);
    assert_eq!(bus.decode(Gpa(start), Byte), None);
    assert_eq!(bus.windows().len(), 2);
    assert_ne!(bus.moves(), moves);

    let moves = bus.moves();
    bus.write_config(1, 0x3c, Byte, 5);
    assert_eq!(bus.moves(), moves);
    bus.write_config(1, 4, Word, MEMORY);
    assert_eq!(bus.decode(Gpa(start), Byte), Some((1, 0, 0)));
    let first = Window {
        start: Gpa(start),
        size: 0x4000,
        device: 1,
        bar: 0,
    };
    assert_eq!(bus.windows()[0], first);
}

#[test]
fn sizing_with_memory_on_hides_nothing() {
    let mut bus = bus();
    // All ones: the BAR would be at the top of the address space, over the interrupt controllers.
    for (register, value) in [
        (BAR2, u64::from(u32::MAX)),
        (BAR0, u64::MAX),
        (BAR0, 0xfee0_0000),
        (BAR0, 0x1000),
        (BAR2, 0),
        (BAR0, ADDRESSES.end - 0x2000),
        (BAR0, 0x1_c000_0000),
    ] {
        place(&mut bus, 1, register, value);
        for at in [
            0,
            0x1000,
            0xfec0_0000,
            0xfee0_0000,
            0xffff_fff0,
            0x1_c000_0000,
            u64::MAX,
        ] {
            let hit = bus.decode(Gpa(at), Byte);
            assert_eq!(hit, None, "{register:#x} {value:#x} {at:#x}");
        }
        assert!(bus.windows().iter().all(|window| {
            window.start.0 >= ADDRESSES.start && window.start.0 + window.size <= ADDRESSES.end
        }));
    }
}

#[test]
fn of_two_that_overlap_the_first_device_wins() {
    let mut bus = bus();
    place(&mut bus, 2, BAR0, 0xd000_0000);
    place(&mut bus, 1, BAR2, 0xd000_1000);
    assert_eq!(bus.decode(Gpa(0xd000_0fff), Byte), Some((2, 0, 0xfff)));
    assert_eq!(bus.decode(Gpa(0xd000_1000), Byte), Some((1, 2, 0)));
    assert_eq!(bus.decode(Gpa(0xd000_2000), Byte), Some((2, 0, 0x2000)));
    // Half of it would be another's: the one that has all of it gets it.
    assert_eq!(bus.decode(Gpa(0xd000_1ffe), Dword), Some((2, 0, 0x1ffe)));
}

#[test]
fn the_address_port_selects_a_register() {
    let mut bus = bus();
    bus.write_port(0, Dword, 0x8000_0800);
    assert_eq!(bus.read_port(0, Dword), 0x8000_0800);
    assert_eq!(bus.read_port(4, Dword), 0x1044_1af4);
    assert_eq!(bus.read_port(6, Word), 0x1044);
    assert_eq!(bus.read_port(7, Byte), 0x10);
    assert_eq!(bus.read_port(7, Word), 0xffff);
    // Reserved bits are not kept, and the two low ones choose nothing.
    bus.write_port(0, Dword, 0xffff_ffff);
    assert_eq!(bus.read_port(0, Dword), 0x80ff_fffc);
    // Linux's check for mechanism 1: a byte at 0xcfb leaves the address alone.
    bus.write_port(3, Byte, 1);
    bus.write_port(0, Dword, 0x8000_0000);
    assert_eq!(bus.read_port(0, Dword), 0x8000_0000);
    assert_eq!(bus.read_port(4, Word), 0x1b36);
    // Disabled, another bus, another function, no device; parts of the address port.
    for address in [0x0000_0800, 0x8001_0800, 0x8000_0900, 0x8000_1800] {
        bus.write_port(0, Dword, address);
        assert_eq!(bus.read_port(4, Dword), 0xffff_ffff, "{address:#x}");
        bus.write_port(4, Dword, 0);
    }
    for (offset, width, ones) in [
        (0, Byte, 0xff),
        (2, Word, 0xffff),
        (1, Dword, !0),
        (8, Byte, 0xff),
    ] {
        assert_eq!(bus.read_port(offset, width), ones);
        bus.write_port(offset, width, 0);
    }
}

#[test]
fn the_window_reaches_whole_registers() {
    let mut bus = bus();
    assert_eq!(bus.read_ecam(1 << 15, Qword), 0x0010_0002_1044_1af4);
    assert_eq!(bus.read_ecam((1 << 15) + 2, Word), 0x1044);
    for (offset, width) in [
        ((1 << 15) + 1, Word),
        ((1 << 15) + 4, Qword),
        ((1 << 15) + (1 << 12), Dword),
        (3 << 15, Dword),
        (1 << 20, Byte),
        (u64::MAX, Byte),
    ] {
        assert_eq!(bus.read_ecam(offset, width), width.mask(), "{offset:#x}");
        bus.write_ecam(offset, width, 0);
    }
    bus.write_ecam((1 << 15) + 0x10, Qword, 0xd123_4000);
    assert_eq!(
        bus.function(1).unwrap().config().bar_address(0),
        Some(0xd123_4000)
    );
}
