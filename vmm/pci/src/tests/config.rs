// SPDX-License-Identifier: BSD-2-Clause
//! Configuration space: our own drivers' crate looks at it, which was written for real hardware.

use core::time::Duration;
use std::vec::Vec;

use ::pci::{Bdf, Express, FunctionReset, Header, PciConfig, PortKind, Progress, id};
use vmm_base::Width::{self, Byte, Dword, Qword, Word};

use super::device::{ADDRESSES, Device, Driver, IDENTITY, Way};
use crate::{Bar, BuildError, Bus, ConfigSpace, Function, Location, MsiX, VENDOR_SPECIFIC};

fn bus() -> Bus<Device> {
    let mut bus = Bus::new(ADDRESSES);
    for device in [4, 1, 31] {
        bus.add(device, Device::new(3)).unwrap();
    }
    bus
}

#[test]
fn drivers_find_all_devices_by_both_ways() {
    for way in [Way::Ecam, Way::Ports] {
        let mut bus = bus();
        let driver = Driver::new(&mut bus, way);
        let mut found = Vec::new();
        ::pci::enumerate(&driver, 0..=0, |at, header| {
            found.push((at.devfn() >> 3, header.vendor, header.device));
        });
        let device = |number| (number, 0x1af4, 0x1044);
        assert_eq!(found, [(0, 0x1b36, 8), device(1), device(4), device(31)]);
    }
}

#[test]
fn drivers_read_the_identity() {
    let mut bus = bus();
    let driver = Driver::new(&mut bus, Way::Ecam);
    let at = Bdf::new(0, 4, 0).unwrap();
    let header = Header::read(&driver, at).unwrap();
    assert_eq!(u32::from(header.class.base), IDENTITY.class >> 16);
    assert_eq!(driver.read32(at, 0x2c), 0x0044_1af4);
    assert_eq!(driver.read32(at, 8), 0x1000_0001);
    // A function other than 0, another bus, a hole.
    for (bus, device, function) in [(0, 4, 1), (1, 4, 0), (0, 5, 0)] {
        assert!(Header::read(&driver, Bdf::new(bus, device, function).unwrap()).is_none());
    }
}

#[test]
fn drivers_size_the_bars_and_find_them_where_firmware_put_them() {
    for way in [Way::Ecam, Way::Ports] {
        let mut bus = bus();
        let mut driver = Driver::new(&mut bus, way);
        let mut places = Vec::new();
        for device in [1, 4, 31] {
            let at = Bdf::new(0, device, 0).unwrap();
            let bars = ::pci::probe_bars(&mut driver, at).unwrap();
            let sizes: Vec<_> = bars.iter().map(|bar| (bar.index, bar.size)).collect();
            assert_eq!(sizes, [(0, 0x4000), (2, 0x1000)]);
            places.extend(bars.iter().map(|bar| (bar.address, bar.address + bar.size)));
        }
        places.sort();
        assert!(places.windows(2).all(|pair| pair[0].1 <= pair[1].0));
        assert!(
            places
                .iter()
                .all(|(start, end)| { ADDRESSES.contains(start) && *end <= ADDRESSES.end })
        );
    }
}

#[test]
fn drivers_walk_the_capabilities() {
    let mut bus = bus();
    let config = bus.function_mut(1).unwrap().config_mut();
    let vendor = config
        .add_capability(VENDOR_SPECIFIC, &[9, 1, 2, 3], &[0, 0, 0xff])
        .unwrap();
    config
        .add_extended_capability(0x000b, 1, &[1, 2, 3, 4], &[])
        .unwrap();
    config
        .add_extended_capability(0x0003, 1, &[5; 8], &[])
        .unwrap();
    let driver = Driver::new(&mut bus, Way::Ecam);
    let at = Bdf::new(0, 1, 0).unwrap();

    let ids = |list: Vec<_>| -> Vec<_> {
        list.iter()
            .map(|found: &::pci::Capability| found.id)
            .collect()
    };
    let list: Vec<_> = ::pci::capabilities(&driver, at)
        .map(Result::unwrap)
        .collect();
    assert_eq!(
        ids(list.clone()),
        [id::EXPRESS, id::MSIX, VENDOR_SPECIFIC.into()]
    );
    assert_eq!(list[2].offset, vendor);
    let list: Vec<_> = ::pci::extended_capabilities(&driver, at)
        .map(Result::unwrap)
        .collect();
    assert_eq!(ids(list.clone()), [0x000b, 0x0003]);
    assert_eq!(driver.read32(at, list[1].offset + 4), 0x0505_0505);

    let express = Express::read(&driver, at).unwrap();
    assert_eq!(express.kind, PortKind::IntegratedEndpoint);
    let msix = ::pci::MsiX::read(&driver, at).unwrap();
    assert_eq!(
        (msix.vectors, msix.table.bar, msix.pending.offset),
        (3, 2, 0x800)
    );
}

#[test]
fn a_guest_writes_only_what_it_may() {
    let mut config = ConfigSpace::new(IDENTITY);
    let at = config
        .add_capability(VENDOR_SPECIFIC, &[0x11, 0x22], &[0x0f, 0])
        .unwrap();
    for offset in (0..4096).step_by(4) {
        config.write(offset, Dword, 0xffff_ffff);
    }
    for (offset, width, value) in [
        (0x00, Dword, 0x1044_1af4),
        (0x04, Word, 0x0546),
        (0x06, Word, 0x0010),
        (0x08, Dword, 0x1000_0001),
        (0x0c, Byte, 0xff),
        (0x0e, Byte, 0),
        (0x10, Dword, 0),
        (0x30, Dword, 0),
        (0x34, Dword, 0x40),
        (0x3c, Word, 0x00ff),
        (at, Dword, 0x221f_0009),
        (0x100, Dword, 0),
        (0xffc, Dword, 0),
    ] {
        assert_eq!(config.read(offset, width), value, "{offset:#x}");
    }
}

#[test]
fn accesses_are_parts_of_a_register() {
    let mut config = ConfigSpace::new(IDENTITY);
    for (offset, width, value) in [
        (0, Byte, 0xf4),
        (1, Byte, 0x1a),
        (1, Word, 0x441a),
        (2, Word, 0x1044),
        (3, Byte, 0x10),
        (3, Word, 0xffff),
        (1, Dword, 0xffff_ffff),
        (0, Qword, 0xffff_ffff),
        (4096, Byte, 0xff),
        (u16::MAX, Dword, 0xffff_ffff),
    ] {
        assert_eq!(config.read(offset, width), value, "{offset:#x} {width:?}");
    }
    config.write(0x3c, Word, 0xab12);
    assert_eq!(config.read(0x3c, Dword), 0x12);
    config.write(0x3b, Word, 0x3434);
    config.write(0x3c, Qword, 0x56);
    assert_eq!(config.read(0x3c, Dword), 0x12);
}

#[test]
fn drivers_reset_a_function() {
    let mut bus = bus();
    bus.write_config(1, 4, Word, 0b110);
    assert_eq!(bus.windows().len(), 2);
    let mut driver = Driver::new(&mut bus, Way::Ecam);
    let at = Bdf::new(0, 1, 0).unwrap();
    let start = Duration::from_secs(1);
    let mut reset = FunctionReset::start(&mut driver, at, start).unwrap();
    assert!(matches!(
        reset.poll(&mut driver, start),
        Ok(Progress::Wait(_))
    ));
    let later = start + Duration::from_secs(1);
    assert_eq!(reset.poll(&mut driver, later), Ok(Progress::Done));
    assert!(bus.windows().is_empty());
    assert_eq!(bus.function(1).unwrap().config().bar_address(0), Some(0));
    assert_eq!(bus.read_config(1, 0, Dword), 0x1044_1af4);
}

#[test]
fn only_the_bit_asks_for_a_reset() {
    let mut config = ConfigSpace::new(IDENTITY);
    let at = config.add_express(true).unwrap() + 8;
    for (offset, width, value, expected) in [
        (at, Word, 0x8000, true),
        (at, Dword, 0x0000_8000, true),
        (at + 1, Byte, 0x80, true),
        (at, Word, 0x7fff, false),
        (at, Byte, 0x80, false),
        (at, Byte, 0xff, false),
        (at + 2, Word, 0x8000, false),
        (at + 1, Dword, 0xffff_ffff, false),
        (0, Dword, 0xffff_ffff, false),
        (u16::MAX, Byte, 0xff, false),
    ] {
        assert_eq!(
            config.asks_for_reset(offset, width, value),
            expected,
            "{offset:#x} {value:#x}"
        );
    }
    let mut fixed = ConfigSpace::new(IDENTITY);
    assert_eq!(fixed.add_express(false), Ok(at - 8));
    assert!(!fixed.asks_for_reset(at, Word, 0x8000));
    assert!(!ConfigSpace::new(IDENTITY).asks_for_reset(at, Word, 0x8000));
}

#[test]
fn impossible_functions_are_not_made() {
    let mut config = ConfigSpace::new(IDENTITY);
    for size in [0, 8, 0x1800, 1 << 32] {
        assert_eq!(
            config.add_bar(0, Bar::memory32(size)),
            Err(BuildError::BarSize(size))
        );
    }
    for number in [5, 6, 255] {
        let refused = config.add_bar(number, Bar::memory64(0x1000));
        assert_eq!(refused, Err(BuildError::BarTaken(number)));
    }
    config.add_bar(4, Bar::memory64(0x1000)).unwrap();
    for number in [3, 4, 5] {
        let refused = config.add_bar(number, Bar::memory64(0x1000));
        assert_eq!(refused, Err(BuildError::BarTaken(number)));
    }
    config.add_bar(3, Bar::memory32(0x10)).unwrap();

    let place = |bar, offset| Location { bar, offset };
    for (vectors, table, pending) in [
        (0, place(4, 0), place(4, 0x800)),
        (65, place(4, 0), place(4, 0x800)),
        (64, place(4, 0xc08), place(4, 0)),
        (4, place(4, 0), place(4, 0x38)),
        (4, place(4, 4), place(4, 0x800)),
        (4, place(0, 0), place(4, 0)),
        (4, place(7, 0), place(4, 0)),
        (4, place(4, 0), place(4, 0xffc)),
    ] {
        let refused = MsiX::new(&mut config, vectors, table, pending);
        assert!(
            matches!(refused, Err(BuildError::MessageTable(_))),
            "{vectors} {table:?}"
        );
    }
    assert_eq!(
        config.add_capability(9, &[0; 0xbf], &[]),
        Err(BuildError::NoRoom(0xc1))
    );
    config.add_capability(9, &[0; 0xbe], &[]).unwrap();
    assert_eq!(
        config.add_capability(9, &[], &[]),
        Err(BuildError::NoRoom(2))
    );
    assert!(
        config
            .add_extended_capability(1, 1, &[0; 1024], &[])
            .is_err()
    );

    let mut bus = Bus::new(0xc000_0000..0xc000_5000);
    for device in [0, 32, 255] {
        assert_eq!(
            bus.add(device, Device::new(1)),
            Err(BuildError::DeviceTaken(device))
        );
    }
    bus.add(1, Device::new(1)).unwrap();
    assert_eq!(bus.add(1, Device::new(1)), Err(BuildError::DeviceTaken(1)));
    assert_eq!(
        bus.add(2, Device::new(1)),
        Err(BuildError::WindowFull(0x4000))
    );
    assert_eq!(bus.read_config(2, 0, Width::Dword), 0xffff_ffff);
}
