// SPDX-License-Identifier: BSD-2-Clause
//! Interrupts: remapped, posted, blocked, and those that somebody tries to forge.

mod common;

use common::{config, device, expect_clean, start, start_with};
use pci::Message;
use vtd::{ApicId, Bdf, Config, Error, Fault, Hpa, Request, Target, Vector};
use vtd_model::{Board, Interrupt, Options};

fn target(vector: u8, destination: u32) -> Target {
    let (vector, destination) = (Vector(vector), ApicId(destination));
    Target::Remapped {
        vector,
        destination,
        level: false,
    }
}

fn remapped(vector: u8, destination: u32) -> Interrupt {
    Interrupt::Remapped {
        vector,
        destination,
        level: false,
        delivery: 0,
    }
}

fn send(board: &Board, source: Bdf, index: u16) -> Interrupt {
    let message = Message::single(index);
    board.message(0, source.0, message.address, message.data)
}

#[test]
fn only_the_owner_of_an_entry_raises_its_interrupt() {
    let (board, mut driver) = start(&[Options {
        fault_records: 8,
        ..Options::default()
    }]);
    let (vf, other) = (device(0, 0x13, 0), device(0, 0x13, 2));
    driver.bind(0, 5, vf, target(0x41, 0x1_0003)).unwrap();
    assert_eq!(send(&board, vf, 5), remapped(0x41, 0x1_0003));
    let attempts = [
        (
            other,
            Message::single(5).address,
            0,
            0x26,
            5,
            "a foreign entry",
        ),
        (
            vf,
            Message::single(6).address,
            0,
            0x22,
            6,
            "an entry that is not bound",
        ),
        (
            vf,
            Message::single(256).address,
            0,
            0x21,
            256,
            "an index beyond the table",
        ),
        (
            vf,
            Message::single(0xffff).address,
            0,
            0x21,
            0xffff,
            "the last index of all",
        ),
        (
            vf,
            Message::block(255).address,
            1,
            0x21,
            256,
            "a subhandle that leads beyond",
        ),
        (
            vf,
            Message::block(5).address,
            1 << 16,
            0x20,
            0,
            "reserved data bits",
        ),
        (vf, 0xfee0_1004, 0x41, 0x25, 0, "the compatibility format"),
    ];
    for (source, address, data, reason, index, what) in attempts {
        let happened = board.message(0, source.0, address, data);
        assert_eq!(happened, Interrupt::Stopped(reason), "{what}");
        let request = Request::Interrupt(index);
        let fault = Fault {
            source,
            request,
            reason,
        };
        assert_eq!(driver.take_fault(), Some((0, fault)), "{what}");
    }
    assert_eq!(
        send(&board, vf, 5),
        remapped(0x41, 0x1_0003),
        "nobody else lost anything"
    );
    expect_clean(&board);
}

#[test]
fn all_65536_entries_can_be_used() {
    let board = Board::new(1024, &[Options::default()]);
    let mut driver = start_with(
        &board,
        1,
        Config {
            interrupt_order: 16,
            ..config()
        },
    )
    .unwrap();
    let vf = device(0xff, 0x1f, 7);
    for index in [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff] {
        driver
            .bind(0, index, vf, target(0x20, index.into()))
            .unwrap();
        assert_eq!(
            send(&board, vf, index),
            remapped(0x20, index.into()),
            "{index:#x}"
        );
    }
    assert_eq!(driver.interrupts_bound(|_| true), 6);
    assert_eq!(driver.interrupts_bound(|source| source == vf), 6);
    assert_eq!(driver.interrupts_bound(|source| source != vf), 0);
    driver.quarantine(0, vf, false).unwrap();
    assert_eq!(send(&board, vf, 0xffff), Interrupt::Stopped(0x22));
    expect_clean(&board);
}

#[test]
fn a_block_of_entries_serves_a_device_with_plain_msi() {
    let (board, mut driver) = start(&[Options::default()]);
    let edu = device(0, 5, 0);
    for vector in 0..4 {
        driver
            .bind(0, 8 + u16::from(vector), edu, target(0x50 + vector, 0))
            .unwrap();
    }
    let message = Message::block(8);
    for vector in 0..4 {
        let happened = board.message(0, edu.0, message.address, message.data | u32::from(vector));
        assert_eq!(happened, remapped(0x50 + vector, 0));
    }
    expect_clean(&board);
}

#[test]
fn an_entry_goes_through_all_its_states() {
    let (board, mut driver) = start(&[Options {
        latency: 2,
        eager: true,
        ..Options::default()
    }]);
    let (vf, other) = (device(0, 1, 0), device(0, 2, 0));
    assert_eq!(
        driver.rebind(0, 3, vf, target(0x30, 0)),
        Err(Error::NotBound(3))
    );
    assert_eq!(driver.unbind(0, 3, vf), Err(Error::NotBound(3)));
    driver.bind(0, 3, vf, target(0x30, 0)).unwrap();
    assert_eq!(driver.interrupt_owner(0, 3), Some(vf));
    assert_eq!(
        driver.bind(0, 3, other, target(0x30, 0)),
        Err(Error::Bound(3, vf))
    );
    assert_eq!(
        driver.rebind(0, 3, other, target(0x30, 0)),
        Err(Error::Bound(3, vf))
    );
    assert_eq!(driver.unbind(0, 3, other), Err(Error::Bound(3, vf)));
    assert_eq!(send(&board, vf, 3), remapped(0x30, 0));
    driver.rebind(0, 3, vf, target(0x31, 1)).unwrap();
    assert_eq!(send(&board, vf, 3), remapped(0x31, 1));
    driver.quarantine(0, vf, true).unwrap();
    assert_eq!(send(&board, vf, 3), Interrupt::Stopped(0x22));
    assert_eq!(
        driver.rebind(0, 3, vf, target(0x30, 0)),
        Err(Error::Blocked(3))
    );
    assert_eq!(driver.take_fault(), None, "silenced");
    driver.unbind(0, 3, vf).unwrap();
    assert_eq!(send(&board, vf, 3), Interrupt::Stopped(0x22));
    assert!(driver.take_fault().is_some(), "no more silenced");
    driver.bind(0, 3, other, target(0x32, 2)).unwrap();
    assert_eq!(send(&board, vf, 3), Interrupt::Stopped(0x26));
    assert_eq!(send(&board, other, 3), remapped(0x32, 2));
    expect_clean(&board);
}

#[test]
fn impossible_targets_are_refused() {
    let (board, mut driver) = start(&[Options {
        posting: true,
        ..Options::default()
    }]);
    let vf = device(0, 1, 0);
    let posted = |vector, descriptor| Target::Posted {
        vector: Vector(vector),
        descriptor: Hpa(descriptor),
        urgent: false,
    };
    for (index, wanted, error) in [
        (0, target(15, 0), Error::InterruptTarget),
        (0, target(0x30, u32::MAX), Error::InterruptTarget),
        (0, posted(0x30, 0x1020), Error::InterruptTarget),
        (0, posted(3, 0x1000), Error::InterruptTarget),
        (256, target(0x30, 0), Error::NoSuch),
    ] {
        assert_eq!(driver.bind(0, index, vf, wanted), Err(error), "{wanted:?}");
    }
    assert_eq!(driver.bind(1, 0, vf, target(0x30, 0)), Err(Error::NoSuch));
    assert_eq!(driver.unbind(1, 0, vf), Err(Error::NoSuch));
    assert_eq!(driver.interrupt_owner(1, 0), None);
    assert_eq!(driver.interrupts_bound(|source| source == vf), 0);
    expect_clean(&board);

    let (_, mut driver) = start(&[Options::default()]);
    assert_eq!(
        driver.bind(0, 0, vf, posted(0x30, 0x1000)),
        Err(Error::NoPosting)
    );
}

#[test]
fn in_xapic_mode_destinations_have_8_bits() {
    let board = Board::new(
        256,
        &[Options {
            extended_interrupts: false,
            ..Options::default()
        }],
    );
    let refused = start_with(&board, 1, config()).unwrap_err();
    assert!(
        refused.to_string().contains("extended interrupt mode"),
        "{refused}"
    );
    let mut driver = start_with(
        &board,
        1,
        Config {
            extended_interrupts: false,
            ..config()
        },
    )
    .unwrap();
    let vf = device(0, 1, 0);
    for (destination, possible) in [(0, true), (0xfe, true), (0xff, false), (0x100, false)] {
        let result = driver.bind(0, 0, vf, target(0x30, destination));
        assert_eq!(result.is_ok(), possible, "{destination:#x}");
        if possible {
            assert_eq!(send(&board, vf, 0), remapped(0x30, destination));
            driver.unbind(0, 0, vf).unwrap();
        }
    }
    assert_eq!(
        board.message(0, vf.0, 0xfee0_0000, 0x30),
        Interrupt::Stopped(0x25)
    );
    expect_clean(&board);
}

#[test]
fn a_level_is_passed_on() {
    let (board, mut driver) = start(&[Options::default()]);
    let io_apic = device(0xf0, 0x1f, 0);
    let wanted = Target::Remapped {
        vector: Vector(0x44),
        destination: ApicId(2),
        level: true,
    };
    driver.bind(0, 9, io_apic, wanted).unwrap();
    let raised = Interrupt::Remapped {
        vector: 0x44,
        destination: 2,
        level: true,
        delivery: 0,
    };
    assert_eq!(send(&board, io_apic, 9), raised);
    expect_clean(&board);
}

#[test]
fn posted_interrupts_set_bits_and_notify_once() {
    let (board, mut driver) = start(&[Options {
        posting: true,
        ..Options::default()
    }]);
    let vf = device(0, 0x13, 0);
    // In the middle of a page above 4 GiB.
    let descriptor = board.allocate(1).unwrap() + 0x1c0;
    let (notification_vector, processor) = (0xf2_u64, 3_u64);
    let control = notification_vector << 16 | processor << 32;
    board.write(descriptor + 32, control);
    let post = |vector, urgent| Target::Posted {
        vector: Vector(vector),
        descriptor: Hpa(descriptor),
        urgent,
    };
    driver.bind(0, 0, vf, post(0x30, false)).unwrap();
    driver.bind(0, 1, vf, post(0xff, true)).unwrap();
    let posted = |vector, notification| Interrupt::Posted {
        descriptor,
        vector,
        notification,
    };
    let notified = Some((0xf2, 3));

    assert_eq!(send(&board, vf, 0), posted(0x30, notified));
    assert_eq!(
        send(&board, vf, 1),
        posted(0xff, None),
        "one is outstanding"
    );
    assert_eq!(board.read(descriptor), 1 << 0x30);
    assert_eq!(board.read(descriptor + 24), 1 << 63);
    assert_eq!(board.read(descriptor + 32), control | 1);
    let suppressed = 2;
    board.write(descriptor + 32, control | suppressed);
    assert_eq!(send(&board, vf, 0), posted(0x30, None));
    assert_eq!(
        send(&board, vf, 1),
        posted(0xff, notified),
        "an urgent one all the same"
    );

    board.write(descriptor + 32, 1 << 8);
    assert_eq!(send(&board, vf, 0), Interrupt::Stopped(0x28));
    let fault = driver.take_fault().unwrap().1;
    let expected = (vf, Request::Interrupt(0), 0x28);
    assert_eq!((fault.source, fault.request, fault.reason), expected);
    driver
        .rebind(
            0,
            0,
            vf,
            Target::Posted {
                vector: Vector(0x30),
                descriptor: Hpa(0x40),
                urgent: false,
            },
        )
        .unwrap();
    assert_eq!(
        send(&board, vf, 0),
        Interrupt::Stopped(0x27),
        "no memory there"
    );
    expect_clean(&board);
}
