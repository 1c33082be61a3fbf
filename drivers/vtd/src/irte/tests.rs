// SPDX-License-Identifier: BSD-2-Clause
//! Entries bit for bit, worked out by hand from §9.10 and §9.11.

use super::*;

const VF: Bdf = Bdf(0x009a);
/// SID 0x9a, SQ 00, SVT 01.
const HIGH: u64 = 0x0004_009a;

fn remapped(vector: u8, destination: u32, level: bool) -> Target {
    let (vector, destination) = (Vector(vector), ApicId(destination));
    Target::Remapped {
        vector,
        destination,
        level,
    }
}

fn posted(vector: u8, descriptor: u64, urgent: bool) -> Target {
    Target::Posted {
        vector: Vector(vector),
        descriptor: Hpa(descriptor),
        urgent,
    }
}

#[test]
fn entries_bit_for_bit() {
    let cases = [
        (remapped(0x31, 0, false), true, 0x0000_0000_0031_0001, HIGH),
        (
            remapped(0xff, 0x0102_0304, false),
            true,
            0x0102_0304_00ff_0001,
            HIGH,
        ),
        (
            remapped(0x10, 0xfe, false),
            false,
            0x0000_fe00_0010_0001,
            HIGH,
        ),
        (remapped(0x40, 1, true), true, 0x0000_0001_0040_0011, HIGH),
        (posted(0x55, 0x40, false), true, 0x0000_0040_0055_8001, HIGH),
        (
            posted(0x55, 0x1234_5678_9ac0, true),
            true,
            0x5678_9ac0_0055_c001,
            0x1234 << 32 | HIGH,
        ),
        (
            posted(0xff, 0xffff_ffff_ffff_ffc0, false),
            false,
            0xffff_ffc0_00ff_8001,
            0xffff_ffff << 32 | HIGH,
        ),
    ];
    for (target, extended, low, high) in cases {
        let entry = entry(VF, target, extended).unwrap();
        assert_eq!(entry, Entry { low, high }, "{target:x?}");
        assert_eq!(entry.bits(), u128::from(high) << 64 | u128::from(low));
        assert!(entry.is_present());
        assert_eq!(source(entry), Some(VF));
    }
}

#[test]
fn a_blocked_entry_keeps_its_owner_and_may_report_nothing() {
    let live = entry(VF, posted(0x55, 0x1234_5678_9ac0, true), true).unwrap();
    for (silent, low) in [(false, 0), (true, 0b10)] {
        let blocked = live.blocked(silent);
        assert_eq!(blocked.low, low);
        assert!(!blocked.is_present());
        assert_eq!(source(blocked), Some(VF));
    }
    assert_eq!(source(Entry::EMPTY), None);
}

#[test]
fn what_a_processor_cannot_receive_is_refused() {
    for (target, extended) in [
        (remapped(15, 0, false), true),
        (remapped(0, 0, false), false),
        (remapped(0x30, u32::MAX, false), true),
        (remapped(0x30, 0xff, false), false),
        (remapped(0x30, 0x100, false), false),
        (posted(0x0f, 0x1000, false), true),
        (posted(0x30, 0x1020, false), true),
        (posted(0x30, 0x1001, false), true),
    ] {
        assert_eq!(
            entry(VF, target, extended),
            Err(Error::InterruptTarget),
            "{target:x?}"
        );
    }
}
