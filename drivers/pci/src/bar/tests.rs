// SPDX-License-Identifier: BSD-2-Clause
//! Sizing, placing, and devices that describe themselves impossibly.

use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::Command;
use crate::fake::{FakeConfig, FakeFunction};

const AT: Bdf = Bdf(0x18);

/// The BARs of the 82576 as QEMU has them.
fn network_card() -> FakeConfig<1> {
    let mut function = FakeFunction::endpoint(0x8086, 0x10c9);
    function.bar(0x10, 128 << 10, 0);
    function.bar(0x14, 128 << 10, 0);
    function.set(0x18, 1);
    function.writable(0x18, 0xffff_ffe0);
    function.bar(0x1c, 16 << 10, 0b100);
    let mut config = FakeConfig::new();
    config.add(AT, function);
    config
}

#[test]
fn sizes_and_restores() {
    let mut config = network_card();
    config.write32(AT, 0x10, 0xfe80_0000);
    set_command(
        &mut config,
        AT,
        Command::new().with_memory(true).with_bus_master(true),
    );
    let bars = probe_bars(&mut config, AT).unwrap();
    let seen: Vec<_> = bars
        .iter()
        .map(|b| (b.index, b.kind, b.size, b.address))
        .collect();
    let expected = [
        (0, BarKind::Memory32, 128 << 10, 0xfe80_0000),
        (1, BarKind::Memory32, 128 << 10, 0),
        (2, BarKind::Io, 32, 0),
        (3, BarKind::Memory64, 16 << 10, 0),
    ];
    assert_eq!(seen, expected);
    assert_eq!(config.read32(AT, 0x10), 0xfe80_0000);
    assert_eq!(
        command(&config, AT),
        Command::new().with_memory(true).with_bus_master(true)
    );
    // Nothing was decoded while all ones were in a register.
    let log = config.log();
    let ones = log.iter().position(|w| w.value == u32::MAX).unwrap();
    let off = log
        .iter()
        .position(|w| (w.offset, w.value) == (4, 4))
        .unwrap();
    assert!(off < ones);
    assert_eq!(
        (log.last().unwrap().offset, log.last().unwrap().value),
        (4, 6)
    );
    assert_eq!(bars.memory(AT, 2), Err(Error::NoSuchBar(AT, 2)));
    assert_eq!(bars.memory(AT, 9), Err(Error::NoSuchBar(AT, 9)));
}

#[test]
fn places_where_it_can_be_only() {
    let mut config = network_card();
    let bars = probe_bars(&mut config, AT).unwrap();
    let (narrow, wide) = (bars.memory(AT, 0).unwrap(), bars.memory(AT, 3).unwrap());
    for (bar, address, fits) in [
        (narrow, 0xc000_0000, true),
        (narrow, 0xc001_0000, false),
        (narrow, 0, false),
        (narrow, 0xfffe_0000, true),
        (narrow, 1 << 32, false),
        (wide, 1 << 32, true),
        (wide, 0x4000, true),
        (wide, 0x1000, false),
        (wide, !0x3fff, false),
    ] {
        let before = config.log().len();
        let result = place(&mut config, AT, bar, address);
        assert_eq!(result.is_ok(), fits, "{bar:?} at {address:#x}");
        assert_eq!(config.log().len() > before, fits);
    }
    place(&mut config, AT, wide, 0x1_2340_0000).unwrap();
    assert_eq!(config.read32(AT, 0x1c), 0x2340_0000 | 0b100);
    assert_eq!(config.read32(AT, 0x20), 1);
    place(&mut config, AT, wide, 0xc000_0000).unwrap();
    assert_eq!(config.read32(AT, 0x20), 0);
}

#[test]
fn impossible_bars_are_refused() {
    for (offset, low, mask) in [
        (0x10, 0b010, 0xffff_0000),    // reserved type
        (0x24, 0b100, 0xffff_0000),    // 64 bits in the last register
        (0x10, 0b000, 0xff0f_0000),    // a hole in the size
        (0x10, 0b000, 0x0000_0000u32), // prefetchable, but no address bits
    ] {
        let mut function = FakeFunction::endpoint(1, 1);
        function.set(offset, if mask == 0 { 8 } else { low });
        function.writable(offset, mask);
        let mut config = FakeConfig::<1>::new();
        config.add(AT, function);
        let index = ((offset - 0x10) / 4) as u8;
        let result = probe_bars(&mut config, AT);
        assert_eq!(result, Err(Error::BadBar(AT, index)), "{low:#b} {mask:#x}");
    }
    assert_eq!(
        probe_bars(&mut network_card(), Bdf(0)),
        Err(Error::Absent(Bdf(0)))
    );
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_a_power_of_two(
        registers in prop::collection::vec(any::<(u32, u32)>(), 6),
    ) {
        let mut function = FakeFunction::endpoint(1, 1);
        for (offset, (value, mask)) in (0x10..).step_by(4).zip(registers) {
            function.set(offset, value);
            function.writable(offset, mask);
        }
        let mut config = FakeConfig::<1>::new();
        config.add(AT, function);
        if let Ok(bars) = probe_bars(&mut config, AT) {
            for bar in bars.iter() {
                prop_assert!(bar.size.is_power_of_two() && bar.address % bar.size == 0);
            }
        }
    }
}
