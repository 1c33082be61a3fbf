// SPDX-License-Identifier: BSD-2-Clause
//! Any sequence of accesses leaves the bus in order.

use std::vec::Vec;

use proptest::prelude::*;
use vmm_base::{Gpa, Width};

use super::device::{ADDRESSES, Device};
use crate::{Bus, Function};

#[derive(Debug, Clone)]
enum Access {
    Config(u8, u16, Width, u32),
    Ecam(u64, Width, u64),
    Port(u16, Width, u32),
    Memory(u64, Width, u64),
    Raise(u8, u16),
}

fn width() -> impl Strategy<Value = Width> {
    prop::sample::select(&[Width::Byte, Width::Word, Width::Dword, Width::Qword][..])
}

fn access() -> impl Strategy<Value = Access> {
    let device = prop_oneof![4 => 0u8..4, 1 => any::<u8>()];
    let offset = prop_oneof![8 => 0u16..0x100, 1 => any::<u16>()];
    let address = prop_oneof![
        4 => ADDRESSES.start..ADDRESSES.start + 0x2_0000,
        1 => ADDRESSES,
        1 => any::<u64>(),
    ];
    let value = prop_oneof![
        any::<u64>(),
        ADDRESSES.start..ADDRESSES.start + 0x2_0000,
        Just(u64::MAX),
        0u64..8,
    ];
    let ecam = prop_oneof![4 => 0u64..1 << 17, 1 => any::<u64>()];
    prop_oneof![
        (device.clone(), offset, width(), value.clone())
            .prop_map(|(d, o, w, v)| Access::Config(d, o, w, v as u32)),
        (ecam, width(), value.clone()).prop_map(|(o, w, v)| Access::Ecam(o, w, v)),
        (0u16..12, width(), value.clone()).prop_map(|(o, w, v)| Access::Port(o, w, v as u32)),
        (address, width(), value).prop_map(|(a, w, v)| Access::Memory(a, w, v)),
        (device, any::<u16>()).prop_map(|(d, vector)| Access::Raise(d, vector % 8)),
    ]
}

/// What must not change, whatever the guest does.
fn constants(bus: &mut Bus<Device>) -> Vec<u32> {
    let mut values = Vec::new();
    for device in 0..4 {
        for offset in [0x00, 0x08, 0x2c, 0x34] {
            values.push(bus.read_config(device, offset, Width::Dword));
        }
    }
    values
}

proptest! {
    #[test]
    fn no_access_breaks_the_bus(accesses in prop::collection::vec(access(), 1..200)) {
        let mut bus = Bus::new(ADDRESSES);
        for device in [1, 2, 3] {
            bus.add(device, Device::new(5)).unwrap();
        }
        let before = constants(&mut bus);
        for access in accesses {
            match access {
                Access::Config(device, offset, width, value) => {
                    bus.write_config(device, offset, width, value);
                    let read = bus.read_config(device, offset, width);
                    prop_assert_eq!(u64::from(read) & !width.mask(), 0);
                }
                Access::Ecam(offset, width, value) => {
                    bus.write_ecam(offset, width, value);
                    prop_assert_eq!(bus.read_ecam(offset, width) & !width.mask(), 0);
                }
                Access::Port(offset, width, value) => {
                    bus.write_port(offset, width, value);
                    bus.read_port(offset, width);
                }
                Access::Memory(at, width, value) => {
                    let value = value & width.mask();
                    let expected = first_match(&bus, at, width);
                    prop_assert_eq!(bus.decode(Gpa(at), width), expected);
                    let written = bus.write_memory(Gpa(at), width, value);
                    prop_assert_eq!(written.is_some(), expected.is_some());
                    let read = bus.read_memory(Gpa(at), width);
                    prop_assert_eq!(read.unwrap_or(0) & !width.mask(), 0);
                }
                Access::Raise(device, vector) => {
                    if let Some(function) = bus.function_mut(device) {
                        function.msix.raise(vector);
                    }
                }
            }
            let messages = (0..20).take_while(|_| bus.take_message().is_some()).count();
            prop_assert!(messages <= 1);
        }
        prop_assert_eq!(constants(&mut bus), before);
    }
}

/// The rule of decoding, straight from the registers.
fn first_match(bus: &Bus<Device>, at: u64, width: Width) -> Option<(u8, u8, u64)> {
    for device in 1..4 {
        let config = bus.function(device)?.config();
        for bar in [0, 2] {
            let size = config.bar(bar)?.size;
            let start = u128::from(config.bar_address(bar)?);
            let (end, at) = (start + u128::from(size), u128::from(at));
            let in_bus = start >= ADDRESSES.start.into() && end <= ADDRESSES.end.into();
            let inside = start <= at && at + width.bytes() as u128 <= end;
            if config.memory_enabled() && in_bus && inside {
                return Some((device, bar, (at - start) as u64));
            }
        }
    }
    None
}
