// SPDX-License-Identifier: BSD-2-Clause
//! The ports as software touches them.

use proptest::prelude::*;
use vmm_base::Width::{Byte, Dword, Word};

use super::*;

/// Ticks of which the timer's clock needs exactly one.
const CLOCK: u64 = 1000;

fn legacy() -> Legacy {
    Legacy::new(1_193_182 * CLOCK)
}

fn at(legacy: &mut Legacy, clocks: u64) {
    legacy.advance(clocks * CLOCK);
}

fn read(legacy: &mut Legacy, port: u16) -> u8 {
    legacy.read(port, Byte) as u8
}

fn write(legacy: &mut Legacy, port: u16, value: u8) {
    legacy.write(port, Byte, value.into());
}

/// The count of a channel that is read by two bytes.
fn count(legacy: &mut Legacy, channel: u16) -> u16 {
    let low = read(legacy, 0x40 + channel);
    u16::from_le_bytes([low, read(legacy, 0x40 + channel)])
}

/// Linux' `pit_calibrate_tsc`: waits for the output of a count in mode 0.
#[test]
fn linux_waits_for_the_third_channel() {
    let mut legacy = legacy();
    let control = read(&mut legacy, 0x61);
    write(&mut legacy, 0x61, control & !0x02 | 0x01);
    write(&mut legacy, 0x43, 0xb0);
    write(&mut legacy, 0x42, 0x9b);
    write(&mut legacy, 0x42, 0x2e);
    for (clocks, expected) in [(0, 0), (0x2e9a, 0), (0x2e9b, 0x20), (0x1_0000, 0x20)] {
        at(&mut legacy, clocks);
        assert_eq!(
            read(&mut legacy, 0x61) & 0x23,
            0x01 | expected,
            "{clocks:#x}"
        );
    }
}

/// Linux' `quick_pit_calibrate`: reads the high byte as it goes down from 0xff.
#[test]
fn linux_reads_the_third_channel() {
    let mut legacy = legacy();
    write(&mut legacy, 0x61, 1);
    write(&mut legacy, 0x43, 0xb0);
    write(&mut legacy, 0x42, 0xff);
    write(&mut legacy, 0x42, 0xff);
    for clocks in [0, 0xff, 0x100, 0x1234, 0xfffe, 0xffff, 0x1_0000] {
        at(&mut legacy, clocks);
        assert_eq!(count(&mut legacy, 2), 0xffffu16.wrapping_sub(clocks as u16));
    }
}

#[test]
fn the_gate_stops_the_count() {
    let mut legacy = legacy();
    write(&mut legacy, 0x43, 0xb0);
    write(&mut legacy, 0x42, 0);
    write(&mut legacy, 0x42, 0);
    at(&mut legacy, 100);
    assert_eq!(count(&mut legacy, 2), 0);
    write(&mut legacy, 0x61, 1);
    at(&mut legacy, 110);
    write(&mut legacy, 0x61, 0);
    at(&mut legacy, 500);
    assert_eq!(count(&mut legacy, 2), 0xfff6);
    write(&mut legacy, 0x61, 1);
    at(&mut legacy, 501);
    assert_eq!(count(&mut legacy, 2), 0xfff5);
}

#[test]
fn periodic_modes_begin_again() {
    for (mode, values, outputs) in [
        (2, [10, 9, 1, 10, 9], [true, true, false, true, true]),
        (3, [10, 8, 2, 10, 8], [true, true, false, true, true]),
    ] {
        for alias in [mode, mode + 4] {
            let mut legacy = legacy();
            write(&mut legacy, 0x61, 1);
            write(&mut legacy, 0x43, 0xb0 | alias << 1);
            write(&mut legacy, 0x42, 10);
            write(&mut legacy, 0x42, 0);
            for (index, clocks) in [0, 1, 9, 10, 11].into_iter().enumerate() {
                at(&mut legacy, clocks);
                assert_eq!(count(&mut legacy, 2), values[index], "{mode} {clocks}");
                let output = read(&mut legacy, 0x61) & 0x20 != 0;
                assert_eq!(output, outputs[index], "{mode} {clocks}");
            }
        }
    }
}

#[test]
fn the_one_shot_is_started_by_its_gate() {
    let mut legacy = legacy();
    write(&mut legacy, 0x43, 0xb2);
    write(&mut legacy, 0x42, 10);
    write(&mut legacy, 0x42, 0);
    at(&mut legacy, 50);
    assert_eq!(read(&mut legacy, 0x61) & 0x20, 0x20);
    write(&mut legacy, 0x61, 1);
    for (clocks, output) in [(50, 0), (59, 0), (60, 0x20)] {
        at(&mut legacy, clocks);
        assert_eq!(read(&mut legacy, 0x61) & 0x20, output);
    }
}

#[test]
fn a_latched_count_stays_until_it_is_read() {
    let mut legacy = legacy();
    write(&mut legacy, 0x43, 0x34);
    write(&mut legacy, 0x40, 0);
    write(&mut legacy, 0x40, 0x10);
    at(&mut legacy, 1);
    write(&mut legacy, 0x43, 0x00);
    at(&mut legacy, 2);
    write(&mut legacy, 0x43, 0x00);
    assert_eq!(count(&mut legacy, 0), 0x0fff);
    assert_eq!(count(&mut legacy, 0), 0x0ffe);
    // Read-back of status and count of channels 0 and 1.
    write(&mut legacy, 0x43, 0xc6);
    assert_eq!(read(&mut legacy, 0x40), 0xb4);
    assert_eq!(count(&mut legacy, 0), 0x0ffe);
    assert_eq!(read(&mut legacy, 0x41), 0x70);
}

#[test]
fn bytes_can_be_written_alone() {
    for (access, value, expected) in [(0x10, 5, 5), (0x20, 5, 0x0500)] {
        let mut legacy = legacy();
        write(&mut legacy, 0x43, access);
        write(&mut legacy, 0x40, value);
        let byte = read(&mut legacy, 0x40);
        assert_eq!(
            u16::from(byte) << if access == 0x20 { 8 } else { 0 },
            expected
        );
    }
}

#[test]
fn memory_is_refreshed() {
    let mut legacy = legacy();
    let mut changes = 0;
    let mut last = read(&mut legacy, 0x61) & 0x10;
    for clocks in 0..180 {
        at(&mut legacy, clocks);
        let bit = read(&mut legacy, 0x61) & 0x10;
        changes += u32::from(bit != core::mem::replace(&mut last, bit));
    }
    assert_eq!(changes, 9);
}

#[test]
fn three_ports_reset_the_machine() {
    for writes in [
        &[(0x64, 0xfe)][..],
        &[(0x92, 0x03)],
        &[(0xcf9, 0x06)],
        &[(0xcf9, 0x02), (0xcf9, 0x0e)],
    ] {
        let mut legacy = legacy();
        for (port, value) in writes {
            write(&mut legacy, *port, *value);
        }
        assert_eq!(legacy.take_request(), Some(Request::Reset), "{writes:x?}");
        assert_eq!(legacy.take_request(), None);
    }
    let mut legacy = legacy();
    for (port, value) in [
        (0x64, 0xd1),
        (0x60, 0xfe),
        (0x92, 0x02),
        (0xcf9, 0x0a),
        (0x80, 0xfe),
        (0x20, 0xfe),
    ] {
        write(&mut legacy, port, value);
    }
    legacy.write(0xcf9, Word, 0x06);
    legacy.write(0xcf8, Dword, 0x0606_0606);
    assert_eq!(legacy.take_request(), None);
    assert_eq!(
        (read(&mut legacy, 0x92), read(&mut legacy, 0xcf9)),
        (0x02, 0x0a)
    );
}

/// Linux' `probe_8259A` writes a mask and reads it back; its keyboard driver waits for a status.
#[test]
fn absent_chips_are_absent() {
    let mut legacy = legacy();
    for port in [
        0x20, 0x21, 0xa0, 0xa1, 0x60, 0x64, 0x80, 0x00, 0xc0, 0xcf8, 0xffff,
    ] {
        write(&mut legacy, port, 0xfb);
        assert_eq!(read(&mut legacy, port), 0xff, "{port:#x}");
        assert_eq!(legacy.read(port, Word), 0xffff);
    }
    assert_eq!(legacy.read(0x40, Dword), 0xffff_ffff);
}

proptest! {
    #[test]
    fn nothing_confuses_it(
        operations in prop::collection::vec((0u16..8, any::<bool>(), any::<u8>(), any::<u32>()), 1..200),
        hertz in prop_oneof![Just(0), Just(CLOCK * 1_193_182), any::<u64>()],
    ) {
        let mut legacy = Legacy::new(hertz);
        let mut now = 0u64;
        for (port, is_write, value, step) in operations {
            now = now.saturating_add(u64::from(step) << (value & 31));
            legacy.advance(now);
            let port = [0x40, 0x41, 0x42, 0x43, 0x61, 0x64, 0x92, 0xcf9][usize::from(port)];
            if is_write {
                write(&mut legacy, port, value);
            }
            prop_assert!(legacy.read(port, Byte) <= 0xff);
        }
    }
}
