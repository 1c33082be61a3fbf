// SPDX-License-Identifier: BSD-2-Clause
//! The clock as its software sees it.

use proptest::prelude::*;
use vmm_base::Width::{Byte, Dword, Word};

use super::*;

const HERTZ: u64 = 1_000_000_000;
/// 2026-11-25 14:35:25, a Wednesday.
const START: i64 = 1_795_617_325;
const FIRST: u64 = 5 * HERTZ;

fn rtc() -> Rtc {
    Rtc::new(Start {
        hertz: HERTZ,
        now: FIRST,
        seconds: START,
    })
}

fn read(rtc: &mut Rtc, index: u8) -> u8 {
    rtc.write(0, Byte, index.into());
    rtc.read(1, Byte) as u8
}

fn write(rtc: &mut Rtc, index: u8, value: u8) {
    rtc.write(0, Byte, index.into());
    rtc.write(1, Byte, value.into());
}

fn time(rtc: &mut Rtc) -> [u8; 8] {
    TIME.map(|index| read(rtc, index))
}

/// Seconds and nanoseconds since the start.
fn after(seconds: u64, nanoseconds: u64) -> u64 {
    FIRST + seconds * HERTZ + nanoseconds
}

#[test]
fn time_has_four_notations() {
    for (b, expected) in [
        (0x02, [0x25, 0x35, 0x14, 4, 0x25, 0x11, 0x26, 0x20]),
        (0x00, [0x25, 0x35, 0x82, 4, 0x25, 0x11, 0x26, 0x20]),
        (0x06, [25, 35, 14, 4, 25, 11, 26, 20]),
        (0x04, [25, 35, 0x82, 4, 25, 11, 26, 20]),
    ] {
        let mut rtc = rtc();
        write(&mut rtc, index::B, b);
        assert_eq!(time(&mut rtc), expected, "{b:#x}");
        // It is set in the notation in which it is read.
        for (index, value) in TIME.into_iter().zip(expected) {
            write(&mut rtc, index, value);
        }
        write(&mut rtc, index::B, 0x06);
        assert_eq!(time(&mut rtc), [25, 35, 14, 4, 25, 11, 26, 20]);
    }
}

#[test]
fn twelve_hours_begin_with_twelve() {
    let mut rtc = rtc();
    for (hour, expected) in [
        (0, 12),
        (1, 1),
        (11, 11),
        (12, 0x8c),
        (13, 0x81),
        (23, 0x8b),
    ] {
        write(&mut rtc, index::B, 0x06);
        write(&mut rtc, index::HOURS, hour);
        write(&mut rtc, index::B, 0x04);
        assert_eq!(read(&mut rtc, index::HOURS), expected);
        write(&mut rtc, index::HOURS, expected);
        write(&mut rtc, index::B, 0x06);
        assert_eq!(read(&mut rtc, index::HOURS), hour);
    }
}

#[test]
fn time_passes() {
    let mut rtc = rtc();
    rtc.advance(after(0, HERTZ - 1));
    assert_eq!(read(&mut rtc, index::SECONDS), 0x25);
    rtc.advance(after(1, 0));
    assert_eq!(read(&mut rtc, index::SECONDS), 0x26);
    rtc.advance(after(34, 0));
    assert_eq!(
        (
            read(&mut rtc, index::SECONDS),
            read(&mut rtc, index::MINUTES)
        ),
        (0x59, 0x35)
    );
    rtc.advance(after(35, 0));
    assert_eq!(
        (
            read(&mut rtc, index::SECONDS),
            read(&mut rtc, index::MINUTES)
        ),
        (0, 0x36)
    );
    // Into the next year at once; and never back.
    rtc.advance(after(40 * 86_400, 0));
    rtc.advance(0);
    assert_eq!(
        time(&mut rtc),
        [0x25, 0x35, 0x14, 2, 0x04, 0x01, 0x27, 0x20]
    );
}

/// What Linux' `mc146818_set_time` does.
#[test]
fn linux_sets_the_time() {
    let mut rtc = rtc();
    rtc.advance(after(0, 900_000_000));
    let control = read(&mut rtc, index::B);
    write(&mut rtc, index::B, control | 0x80);
    let a = read(&mut rtc, index::A);
    write(&mut rtc, index::A, a | 0x70);
    let wanted = [0x59, 0x59, 0x23, 1, 0x28, 0x02, 0x32, 0x20];
    for (index, value) in TIME.into_iter().zip(wanted) {
        write(&mut rtc, index, value);
    }
    rtc.advance(after(3, 0));
    assert_eq!(time(&mut rtc), wanted);
    assert_eq!(read(&mut rtc, index::A) & 0x80, 0);
    write(&mut rtc, index::B, control);
    rtc.advance(after(6, 0));
    assert_eq!(time(&mut rtc), wanted);
    write(&mut rtc, index::A, a & 0x7f);
    // The first update comes half a second after the divider started.
    rtc.advance(after(6, 499_999_999));
    assert_eq!(read(&mut rtc, index::SECONDS), 0x59);
    rtc.advance(after(6, 500_000_000));
    // A leap year; a Sunday, whatever the guest took it for.
    assert_eq!(time(&mut rtc), [0, 0, 0, 1, 0x29, 0x02, 0x32, 0x20]);
}

#[test]
fn setting_alone_keeps_the_beat() {
    let mut rtc = rtc();
    write(&mut rtc, index::B, 0x82);
    rtc.advance(after(2, 300_000_000));
    assert_eq!(read(&mut rtc, index::SECONDS), 0x25);
    write(&mut rtc, index::SECONDS, 0x10);
    write(&mut rtc, index::B, 0x02);
    rtc.advance(after(2, 999_999_999));
    assert_eq!(read(&mut rtc, index::SECONDS), 0x10);
    rtc.advance(after(3, 0));
    assert_eq!(read(&mut rtc, index::SECONDS), 0x11);
}

/// What Linux' `mc146818_avoid_UIP` relies on: the bit, then the update.
#[test]
fn an_update_is_announced() {
    let mut rtc = rtc();
    for (nanoseconds, expected) in [
        (0, 0),
        (997_771_999, 0),
        (997_772_000, 0x80),
        (999_999_999, 0x80),
        (1_000_000_000, 0),
    ] {
        rtc.advance(after(7, nanoseconds));
        assert_eq!(read(&mut rtc, index::A), 0x26 | expected, "{nanoseconds}");
    }
}

#[test]
fn updates_interrupt() {
    let mut rtc = rtc();
    assert_eq!(rtc.deadline(), None);
    write(&mut rtc, index::B, 0x12);
    assert_eq!(rtc.deadline(), Some(after(1, 0)));
    rtc.advance(after(0, 999_999_999));
    assert!(!rtc.interrupt());
    rtc.advance(after(1, 0));
    assert!(rtc.interrupt());
    assert_eq!(rtc.deadline(), None);
    // The periodic flag is set as well, and does not count.
    assert_eq!(read(&mut rtc, index::C), 0xd0);
    assert!(!rtc.interrupt());
    assert_eq!(read(&mut rtc, index::C), 0);
    assert_eq!(rtc.deadline(), Some(after(2, 0)));
    // Setting the time turns them off.
    write(&mut rtc, index::B, 0x92);
    assert_eq!((read(&mut rtc, index::B), rtc.deadline()), (0x82, None));
}

#[test]
fn an_event_counts_also_if_it_was_enabled_later() {
    let mut rtc = rtc();
    rtc.advance(after(1, 0));
    assert!(!rtc.interrupt());
    write(&mut rtc, index::B, 0x12);
    assert!(rtc.interrupt());
}

#[test]
fn the_alarm_goes_off() {
    let mut rtc = rtc();
    for (index, value) in [(index::HOURS_ALARM, 0x14), (index::MINUTES_ALARM, 0x36)] {
        write(&mut rtc, index, value);
        assert_eq!(read(&mut rtc, index), value);
    }
    write(&mut rtc, index::SECONDS_ALARM, 0x05);
    write(&mut rtc, index::B, 0x22);
    assert_eq!(rtc.deadline(), Some(after(40, 0)));
    rtc.advance(after(39, 999_999_999));
    assert!(!rtc.interrupt());
    rtc.advance(after(50, 0));
    assert!(rtc.interrupt());
    assert_eq!(read(&mut rtc, index::C) & 0xa0, 0xa0);
    assert_eq!(rtc.deadline(), Some(after(86_440, 0)));
    // Any hour and any minute.
    write(&mut rtc, index::HOURS_ALARM, 0xc0);
    write(&mut rtc, index::MINUTES_ALARM, 0xff);
    assert_eq!(rtc.deadline(), Some(after(100, 0)));
    write(&mut rtc, index::SECONDS_ALARM, 0x7f);
    assert_eq!(rtc.deadline(), None);
}

#[test]
fn the_periodic_interrupt_has_its_rate() {
    for (select, period) in [
        (1, 3_906_250),
        (2, 7_812_500),
        (3, 122_071),
        (6, 976_563),
        (8, 3_906_250),
        (15, 500_000_000),
    ] {
        let mut rtc = rtc();
        write(&mut rtc, index::A, 0x20 | select);
        write(&mut rtc, index::B, 0x42);
        assert_eq!(rtc.deadline(), Some(after(0, period)), "{select}");
        rtc.advance(after(0, period - 1));
        assert!(!rtc.interrupt());
        rtc.advance(after(0, period));
        assert!(rtc.interrupt());
        assert_eq!(read(&mut rtc, index::C), 0xc0);
        // A thousand missed ones are one.
        rtc.advance(after(0, 1000 * period));
        assert_eq!(read(&mut rtc, index::C) & 0xc0, 0xc0);
        assert_eq!(read(&mut rtc, index::C), 0);
    }
    for a in [0x20, 0x76, 0x06] {
        let mut rtc = rtc();
        write(&mut rtc, index::A, a);
        write(&mut rtc, index::B, 0x42);
        assert_eq!(rtc.deadline(), None);
    }
}

/// What Linux' driver looks at before it takes the clock.
#[test]
fn linux_finds_a_clock() {
    let mut rtc = rtc();
    assert_eq!(read(&mut rtc, index::D), 0x80);
    assert_eq!(read(&mut rtc, index::B) & 0x02, 0x02);
    write(&mut rtc, index::A, 0x26);
    assert_eq!(read(&mut rtc, index::A), 0x26);
    for status in [index::C, index::D] {
        write(&mut rtc, status, 0xff);
    }
    assert_eq!(
        (read(&mut rtc, index::C), read(&mut rtc, index::D)),
        (0, 0x80)
    );
}

#[test]
fn the_rest_is_memory() {
    let mut rtc = rtc();
    let cells = || (0x0e..0x80).filter(|index| *index != index::CENTURY);
    for cell in cells() {
        assert_eq!(read(&mut rtc, cell), 0);
        write(&mut rtc, cell, cell ^ 0x5a);
    }
    for cell in cells() {
        // The highest bit of the index is not part of it.
        assert_eq!(read(&mut rtc, cell | 0x80), cell ^ 0x5a);
    }
}

#[test]
fn only_bytes_are_accesses() {
    let mut rtc = rtc();
    write(&mut rtc, 0x20, 7);
    rtc.write(0, Word, 0x0921);
    rtc.write(1, Dword, 9);
    rtc.write(2, Byte, 9);
    assert_eq!((rtc.read(1, Byte), rtc.read(1, Word)), (7, 0xffff));
    assert_eq!((rtc.read(0, Byte), rtc.read(2, Byte)), (0xff, 0xff));
}

proptest! {
    /// Whatever is written, and however time jumps: what is read is a time, the line is what
    /// register C says, and a deadline is ahead and true.
    #[test]
    fn nothing_confuses_it(
        operations in prop::collection::vec((any::<bool>(), 0u8..0x40, any::<u8>(), any::<u64>(), 0u32..64), 1..100),
        hertz in prop_oneof![Just(HERTZ), Just(0), any::<u64>()],
        seconds in prop_oneof![Just(START), -62_167_219_200i64..253_402_300_800],
    ) {
        let mut rtc = Rtc::new(Start { hertz, now: 0, seconds });
        let mut now = 0u64;
        for (is_write, index, value, step, shift) in operations {
            now = now.saturating_add(step >> shift);
            rtc.advance(now);
            if is_write {
                write(&mut rtc, index, value);
            }
            let line = rtc.interrupt();
            if let Some(deadline) = rtc.deadline() {
                prop_assert!(!line);
                prop_assert!(deadline > now || deadline == u64::MAX);
                let mut early = rtc.clone();
                early.advance(deadline - 1);
                prop_assert!(!early.interrupt());
                early.advance(deadline);
                prop_assert!(early.interrupt() || deadline == u64::MAX);
            }
            let c = read(&mut rtc, index::C);
            prop_assert_eq!(c & 0x80 != 0, line);
            prop_assert!(!rtc.interrupt());
        }
    }
}
