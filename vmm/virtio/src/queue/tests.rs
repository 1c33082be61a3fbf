// SPDX-License-Identifier: BSD-2-Clause

use std::vec;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::testing::{Driver, INDIRECT, NEXT, WRITE};

const BOTH: u64 = INDIRECT_DESC | EVENT_IDX;

/// What the first chain is, or what rule it breaks.
fn first(driver: &Driver, features: u64) -> Result<Vec<(u64, usize, bool)>, Violation> {
    let ram = driver.ram();
    let mut chain = Chain::new();
    let mut queue = driver.queue(features);
    assert!(queue.pop(&ram, &mut chain)?);
    let mut pieces = Vec::new();
    while let Some(piece) = chain.next_readable(usize::MAX) {
        pieces.push((piece.at.0, piece.length, false));
    }
    while let Some(piece) = chain.next_writable(usize::MAX) {
        pieces.push((piece.at.0, piece.length, true));
    }
    assert_eq!((chain.readable(), chain.writable()), (0, 0));
    Ok(pieces)
}

#[test]
fn a_chain_is_what_its_descriptors_say() {
    let driver = Driver::new(8);
    driver.describe(3, 0x1000, 16, NEXT, 7);
    driver.describe(7, 0x2000, 100, NEXT | WRITE, 0);
    driver.describe(0, 0x3000, 1, WRITE, 5);
    driver.offer(3);
    let pieces = vec![(0x1000, 16, false), (0x2000, 100, true), (0x3000, 1, true)];
    assert_eq!(first(&driver, 0), Ok(pieces));
}

#[test]
fn a_chain_can_end_in_a_table() {
    let driver = Driver::new(8);
    driver.describe(1, 0x1000, 16, NEXT, 2);
    driver.describe(2, 0x8000, 48, INDIRECT | WRITE, 0);
    driver.describe_in(0x8000, 0, 0x2000, 8, NEXT, 2);
    driver.describe_in(0x8000, 2, 0x3000, 512, WRITE | NEXT, 1);
    driver.describe_in(0x8000, 1, 0x4000, 1, WRITE, 0);
    driver.offer(1);
    let pieces = vec![
        (0x1000, 16, false),
        (0x2000, 8, false),
        (0x3000, 512, true),
        (0x4000, 1, true),
    ];
    assert_eq!(first(&driver, INDIRECT_DESC), Ok(pieces));
    assert_eq!(first(&driver, 0), Err(Violation::IndirectFeature));
}

#[test]
fn broken_rules_are_found() {
    let outside = |at, length| {
        Violation::Memory(vmm_base::OutOfRange {
            at: Gpa(at),
            length,
        })
    };
    let memory = Driver::new(8).ram().size() as u64;
    type Break = fn(&Driver);
    let cases: &[(&str, Break, Violation)] = &[
        (
            "head",
            |driver| driver.offer(8),
            Violation::DescriptorIndex { index: 8, table: 8 },
        ),
        (
            "next",
            |driver| {
                driver.describe(0, 0x1000, 1, NEXT, 0xffff);
                driver.offer(0);
            },
            Violation::DescriptorIndex {
                index: 0xffff,
                table: 8,
            },
        ),
        (
            "loop",
            |driver| {
                driver.describe(0, 0x1000, 1, NEXT, 1);
                driver.describe(1, 0x1000, 1, NEXT, 0);
                driver.offer(0);
            },
            Violation::Loop,
        ),
        (
            "a loop in a table",
            |driver| {
                driver.describe(0, 0x8000, 16, INDIRECT, 0);
                driver.describe_in(0x8000, 0, 0x1000, 1, NEXT, 0);
                driver.offer(0);
            },
            Violation::Loop,
        ),
        (
            "order",
            |driver| {
                driver.describe(0, 0x1000, 1, NEXT | WRITE, 1);
                driver.describe(1, 0x1000, 1, 0, 0);
                driver.offer(0);
            },
            Violation::Order,
        ),
        (
            "a table in a table",
            |driver| {
                driver.describe(0, 0x8000, 16, INDIRECT, 0);
                driver.describe_in(0x8000, 0, 0x8000, 16, INDIRECT, 0);
                driver.offer(0);
            },
            Violation::IndirectNested,
        ),
        (
            "a table with a successor",
            |driver| {
                driver.describe(0, 0x8000, 16, INDIRECT | NEXT, 1);
                driver.offer(0);
            },
            Violation::IndirectNested,
        ),
        (
            "an empty table",
            |driver| {
                driver.describe(0, 0x8000, 0, INDIRECT, 0);
                driver.offer(0);
            },
            Violation::IndirectLength(0),
        ),
        (
            "a part of an entry",
            |driver| {
                driver.describe(0, 0x8000, 24, INDIRECT, 0);
                driver.offer(0);
            },
            Violation::IndirectLength(24),
        ),
        (
            "a long table",
            |driver| {
                driver.describe(0, 0x8000, 16 * 257, INDIRECT, 0);
                driver.offer(0);
            },
            Violation::IndirectLength(16 * 257),
        ),
        (
            "a table outside",
            |driver| {
                driver.describe(0, u64::MAX - 15, 16, INDIRECT, 0);
                driver.offer(0);
            },
            outside(u64::MAX - 15, 16),
        ),
        (
            "a buffer outside",
            |driver| {
                let end = driver.ram().size() as u64;
                driver.describe(0, end - 1, 2, 0, 0);
                driver.offer(0);
            },
            outside(memory - 1, 2),
        ),
        (
            "a buffer that wraps",
            |driver| {
                driver.describe(0, u64::MAX, 2, WRITE, 0);
                driver.offer(0);
            },
            outside(u64::MAX, 2),
        ),
        (
            "the index",
            |driver| driver.set_available_index(9),
            Violation::AvailableIndex { index: 9, at: 0 },
        ),
        (
            "an index that goes back",
            |driver| driver.set_available_index(0xffff),
            Violation::AvailableIndex {
                index: 0xffff,
                at: 0,
            },
        ),
    ];
    for (name, breaks, violation) in cases {
        let driver = Driver::new(8);
        breaks(&driver);
        assert_eq!(first(&driver, BOTH), Err(*violation), "{name}");
    }
}

#[test]
fn a_chain_has_as_many_buffers_as_a_queue_at_most() {
    let driver = Driver::new(8);
    driver.describe(0, 0x1000, 1, NEXT, 1);
    driver.describe(1, 0x8000, 16 * 256, INDIRECT, 0);
    for index in 0..256 {
        let flags = if index < 255 { NEXT } else { 0 };
        driver.describe_in(0x8000, index, 0x1000, 1, flags, index + 1);
    }
    driver.offer(0);
    assert_eq!(first(&driver, BOTH), Err(Violation::ChainLength));
    driver.describe_in(0x8000, 254, 0x1000, 1, 0, 0);
    assert_eq!(first(&driver, BOTH).map(|pieces| pieces.len()), Ok(256));
}

#[test]
fn a_queue_must_be_possible() {
    let driver = Driver::new(8);
    let good = driver.layout();
    let made = |layout: Layout| Queue::new(&layout, BOTH, &driver.ram()).err();
    assert_eq!(made(good), None);
    for size in [0, 3, 255, 512, 0x8000] {
        let violation = Violation::QueueSize(size);
        assert_eq!(made(Layout { size, ..good }), Some(violation));
    }
    let end = driver.ram().size() as u64;
    for (at, layout) in [
        (
            8,
            Layout {
                descriptors: 8,
                ..good
            },
        ),
        (1, Layout { driver: 1, ..good }),
        (2, Layout { device: 2, ..good }),
    ] {
        let violation = Violation::QueueAlignment(Gpa(at));
        assert_eq!(made(layout), Some(violation), "{layout:?}");
    }
    for layout in [
        Layout {
            descriptors: end - 112,
            ..good
        },
        Layout {
            driver: end - 20,
            ..good
        },
        Layout {
            device: end - 68,
            ..good
        },
        Layout {
            descriptors: u64::MAX - 15,
            ..good
        },
        Layout {
            driver: u64::MAX - 1,
            ..good
        },
        Layout {
            device: u64::MAX - 3,
            ..good
        },
    ] {
        assert!(
            matches!(made(layout), Some(Violation::Memory(_))),
            "{layout:?}"
        );
    }
}

#[test]
fn reading_and_writing_go_over_buffers() {
    let driver = Driver::new(8);
    driver.describe(0, 0x1000, 3, NEXT, 1);
    driver.describe(1, 0x2000, 0, NEXT, 2);
    driver.describe(2, 0x3000, 3, NEXT, 3);
    driver.describe(3, 0x4000, 2, NEXT | WRITE, 4);
    driver.describe(4, 0x5000, 4, WRITE, 0);
    driver.offer(0);
    let ram = driver.ram();
    ram.write(Gpa(0x1000), b"abc").expect("inside");
    ram.write(Gpa(0x3000), b"def").expect("inside");
    let (mut queue, mut chain) = (driver.queue(0), Chain::new());
    assert_eq!(queue.pop(&ram, &mut chain), Ok(true));
    assert_eq!((chain.readable(), chain.writable()), (6, 6));
    let mut four = [0; 4];
    assert_eq!(chain.read(&ram, &mut four), Ok(4));
    assert_eq!(four, *b"abcd");
    assert_eq!(chain.read(&ram, &mut four), Ok(2));
    assert_eq!(four, *b"efcd");
    assert_eq!(chain.write(&ram, b"uvw"), Ok(3));
    assert_eq!((chain.written(), chain.writable()), (3, 3));
    chain.skip_to_last_byte();
    assert_eq!(chain.write(&ram, b"xyz"), Ok(1));
    assert_eq!(ram.get(Gpa(0x4000)), Ok(*b"uv"));
    assert_eq!(ram.get(Gpa(0x5000)), Ok(*b"w\0\0x"));
    assert_eq!(chain.written(), 3, "without the gap and what is behind it");
    queue.push(&ram, chain.head(), 6).expect("inside");
    assert_eq!(driver.used(), [], "not shown yet");
    assert_eq!(queue.publish(&ram), Ok(true));
    assert_eq!(driver.used(), [(0, 6)]);
    assert_eq!(queue.publish(&ram), Ok(false), "nothing new");
}

/// Gives `count` chains back, and tells whether the driver wants an interrupt.
fn give_back(driver: &Driver, queue: &mut Queue, count: u16) -> bool {
    let (ram, mut chain) = (driver.ram(), Chain::new());
    for _ in 0..count {
        driver.offer(0);
        assert_eq!(queue.pop(&ram, &mut chain), Ok(true));
        queue.push(&ram, chain.head(), 0).expect("inside");
    }
    queue.publish(&ram).expect("inside")
}

#[test]
fn interrupts_are_suppressed_by_a_flag() {
    let driver = Driver::new(4);
    driver.describe(0, 0x1000, 1, 0, 0);
    let mut queue = driver.queue(0);
    assert!(give_back(&driver, &mut queue, 1));
    driver.set_available_flags(1);
    assert!(!give_back(&driver, &mut queue, 3));
}

#[test]
fn interrupts_are_suppressed_by_an_index() {
    let driver = Driver::new(4);
    driver.describe(0, 0x1000, 1, 0, 0);
    let mut queue = driver.queue(EVENT_IDX);
    driver.set_used_event(0);
    assert!(give_back(&driver, &mut queue, 1), "1 passes 0");
    assert!(!give_back(&driver, &mut queue, 1), "2 passed it before");
    driver.set_used_event(4);
    assert!(!give_back(&driver, &mut queue, 2), "4 does not pass 4");
    assert!(give_back(&driver, &mut queue, 4), "8 passes 4");
    driver.set_available_flags(1);
    driver.set_used_event(8);
    assert!(give_back(&driver, &mut queue, 1), "the flag has no meaning");
}

#[test]
fn indices_wrap() {
    for features in [0, EVENT_IDX] {
        let driver = Driver::new(4);
        driver.describe(0, 0x1000, 1, 0, 0);
        let mut queue = driver.queue(features);
        for round in 0..40_000_u32 {
            driver.set_used_event((2 * round) as u16);
            assert!(give_back(&driver, &mut queue, 2), "{round}");
        }
    }
}

#[test]
fn notifications_are_suppressed() {
    for features in [0, EVENT_IDX] {
        let driver = Driver::new(4);
        let (ram, mut chain) = (driver.ram(), Chain::new());
        let mut queue = driver.queue(features);
        assert!(driver.wants_notification(features, 0, 1), "at first");
        assert_eq!(queue.ignore(&ram), Ok(()));
        assert!(!driver.wants_notification(features, 0, 1));
        assert!(!driver.wants_notification(features, 0, 4));
        assert_eq!(queue.listen(&ram), Ok(false));
        assert!(driver.wants_notification(features, 0, 1));
        driver.describe(0, 0x1000, 1, 0, 0);
        driver.offer(0);
        assert_eq!(queue.listen(&ram), Ok(true), "one came meanwhile");
        assert_eq!(queue.pop(&ram, &mut chain), Ok(true));
        assert_eq!(queue.listen(&ram), Ok(false));
        assert!(driver.wants_notification(features, 1, 2));
    }
}

proptest! {
    /// Whatever stands in memory: no panic, an end, and buffers inside the memory only.
    #[test]
    fn garbage_harms_nobody(
        words in prop::collection::vec(any::<u64>(), 512),
        small in prop::collection::vec((0..512_usize, 0..0x1200_u64), 0..200),
        size in prop::sample::select(vec![1_u16, 2, 4, 8, 16]),
        features in prop::sample::select(vec![0, INDIRECT_DESC, EVENT_IDX, BOTH]),
        index in 0..40_u16,
    ) {
        let driver = Driver::new(size);
        let ram = driver.ram();
        for (place, word) in words.iter().enumerate() {
            ram.write(Gpa(8 * place as u64), &word.to_le_bytes()).expect("inside");
        }
        // Words that are addresses and lengths which can be.
        for (place, word) in small {
            ram.write(Gpa(8 * place as u64), &word.to_le_bytes()).expect("inside");
        }
        driver.set_available_index(index);
        let (mut queue, mut chain) = (driver.queue(features), Chain::new());
        let mut count = 0;
        while let Ok(true) = queue.pop(&ram, &mut chain) {
            count += 1;
            let total = chain.readable() + chain.writable();
            prop_assert!(total <= u32::MAX as usize);
            let mut sum = 0;
            while let Some(piece) = chain.next_readable(usize::MAX) {
                prop_assert!(ram.contains(piece.at, piece.length));
                sum += piece.length;
            }
            while let Some(piece) = chain.next_writable(usize::MAX) {
                prop_assert!(ram.contains(piece.at, piece.length));
                sum += piece.length;
            }
            prop_assert_eq!(sum, total);
            queue.push(&ram, chain.head(), chain.written()).expect("inside");
        }
        prop_assert!(count <= size);
        queue.publish(&ram).expect("inside");
        queue.listen(&ram).expect("inside");
        queue.ignore(&ram).expect("inside");
    }
}
