// SPDX-License-Identifier: BSD-2-Clause
//! Faults: recorded, decoded, dropped, announced; and devices that cause them put away.

mod common;

use common::{device, expect_clean, start};
use vtd::{Access, ApicId, Fault, Iova, Reason, Request, Rights, Vector};
use vtd_model::Options;

#[test]
fn a_fault_tells_who_did_what_and_why() {
    let (board, mut driver) = start(&[Options {
        fault_records: 4,
        ..Options::default()
    }]);
    let vf = device(0, 0x13, 2);
    let mut domain = driver.create_domain(48).unwrap();
    driver.attach(0, vf, &mut domain).unwrap();
    driver
        .map(
            &mut domain,
            Iova(0x4000),
            vtd::Hpa(0x4000),
            0x1000,
            Rights::Read,
        )
        .unwrap();
    let cases = [
        (
            vf,
            0x0dea_d123,
            false,
            "00:13.2: read of 0xdead000 stopped: no right to read there (0x06)",
        ),
        (
            vf,
            0x4008,
            true,
            "00:13.2: write to 0x4000 stopped: no right to write there (0x05)",
        ),
        (
            device(0, 3, 0),
            0,
            true,
            "00:03.0: write to 0x0 stopped: it is attached to no domain (0x02)",
        ),
        (
            device(7, 0, 1),
            0x1000,
            false,
            "07:00.1: read of 0x1000 stopped: its bus has no context table (0x01)",
        ),
        (
            vf,
            1 << 48,
            false,
            "00:13.2: read of 0x1000000000000 stopped: the address is beyond the domain's width (0x04)",
        ),
    ];
    for (source, at, write, words) in cases {
        assert!(board.dma(0, source.0, at, write).is_err());
        let (unit, fault) = driver.take_fault().unwrap();
        assert_eq!((unit, fault.to_string().as_str()), (0, words));
    }
    assert_eq!(driver.take_fault(), None);
    expect_clean(&board);
}

#[test]
fn faults_come_in_order_and_an_overflow_is_told() {
    for records in [1, 2, 5, 256] {
        let (board, mut driver) = start(&[Options {
            fault_records: records,
            ..Options::default()
        }]);
        let fault = |number: u16| {
            let request = Request::Dma(Iova(u64::from(number) << 12), Access::Read);
            Some((
                0,
                Fault {
                    source: device(0, 1, 0),
                    request,
                    reason: Reason(1),
                },
            ))
        };
        // Twice around, beginning somewhere in the middle.
        for number in 0..records + records / 2 {
            let _ = board.dma(0, 8, u64::from(number) << 12, false);
            assert_eq!(driver.take_fault(), fault(number));
        }
        assert!(!driver.units_mut()[0].take_overflow());
        for number in 0..records + 3 {
            let _ = board.dma(0, 8, u64::from(number) << 12, false);
        }
        for number in 0..records {
            assert_eq!(driver.take_fault(), fault(number), "{records} records");
        }
        assert_eq!(driver.take_fault(), None);
        assert!(driver.units_mut()[0].take_overflow(), "{records} records");
        assert!(!driver.units_mut()[0].take_overflow());
        let _ = board.dma(0, 8, 0x9000, false);
        assert_eq!(
            driver.take_fault(),
            fault(9),
            "recording goes on after an overflow"
        );
        expect_clean(&board);
    }
}

#[test]
fn folded_faults_still_name_every_device() {
    let options = Options {
        fault_records: 4,
        folds_faults: true,
        ..Options::default()
    };
    let (board, mut driver) = start(&[options]);
    for round in 0..100 {
        for source in [0x8, 0x10, 0x18] {
            let _ = board.dma(0, source, round << 12, true);
        }
    }
    let sources: Vec<_> = std::iter::from_fn(|| driver.take_fault())
        .map(|(_, fault)| fault.source.0)
        .collect();
    assert_eq!(sources, [0x8, 0x10, 0x18]);
    assert!(!driver.units_mut()[0].take_overflow());
}

#[test]
fn the_fault_event_comes_once_per_storm_and_waits_while_masked() {
    let (board, mut driver) = start(&[Options {
        fault_records: 2,
        ..Options::default()
    }]);
    let _ = board.dma(0, 8, 0, false);
    assert_eq!(board.take_event(0), None, "not asked for");
    let (address, data) = (0x0000_0100_fee0_3000, 0x41);
    driver.enable_fault_events(Vector(0x41), ApicId(0x103));
    assert_eq!(
        board.take_event(0),
        Some((address, data)),
        "the one that was due"
    );
    for _ in 0..10 {
        let _ = board.dma(0, 8, 0, false);
    }
    assert_eq!(board.take_event(0), None, "faults are pending already");
    while driver.take_fault().is_some() {}
    driver.units_mut()[0].take_overflow();
    let _ = board.dma(0, 8, 0, false);
    assert_eq!(board.take_event(0), Some((address, data)));
    while driver.take_fault().is_some() {}

    driver.units_mut()[0].mask_fault_event(true);
    let _ = board.dma(0, 8, 0, false);
    assert_eq!(board.take_event(0), None);
    driver.units_mut()[0].mask_fault_event(false);
    assert_eq!(board.take_event(0), Some((address, data)));
}

#[test]
fn a_device_in_quarantine_cannot_make_noise() {
    let (board, mut driver) = start(&[Options {
        eager: true,
        ..Options::default()
    }]);
    let (vf, other) = (device(0, 0x13, 0), device(0, 0x13, 2));
    let mut domain = driver.create_domain(48).unwrap();
    driver
        .map(
            &mut domain,
            Iova(0),
            vtd::Hpa(0x1000),
            0x1000,
            Rights::ReadWrite,
        )
        .unwrap();
    driver.attach(0, vf, &mut domain).unwrap();
    driver.attach(0, other, &mut domain).unwrap();
    assert_eq!(board.dma(0, vf.0, 0, true), Ok(0x1000));
    driver.quarantine(0, vf, true).unwrap();
    for round in 0..100_000 {
        assert_eq!(board.dma(0, vf.0, round << 12, true), Err(2));
    }
    assert_eq!(driver.take_fault(), None);
    assert!(!driver.units_mut()[0].take_overflow());
    assert_eq!(
        board.dma(0, other.0, 0, true),
        Ok(0x1000),
        "the others go on"
    );
    assert_eq!(
        driver.domain_of(0, vf),
        Some(domain.id()),
        "it keeps its domain"
    );

    driver.detach(0, vf, &mut domain).unwrap();
    assert_eq!(board.dma(0, vf.0, 0, true), Err(2));
    assert!(driver.take_fault().is_some(), "faults are recorded again");
    driver.attach(0, vf, &mut domain).unwrap();
    assert_eq!(board.dma(0, vf.0, 0, true), Ok(0x1000));

    // A device without a domain, on a bus without a table.
    let stranger = device(9, 0, 0);
    driver.quarantine(0, stranger, true).unwrap();
    assert_eq!(board.dma(0, stranger.0, 0, true), Err(2));
    assert_eq!(driver.take_fault(), None);
    driver.quarantine(0, stranger, false).unwrap();
    assert_eq!(board.dma(0, stranger.0, 0, true), Err(2));
    assert!(driver.take_fault().is_some());
    assert!(
        driver.quarantine(1, stranger, true).is_err(),
        "no such unit"
    );
    expect_clean(&board);
}

#[test]
fn every_reason_has_words() {
    let unknown = Reason(0xff).words();
    for code in (1..=0xe).chain(0x20..=0x28).chain(0x30..0x90) {
        assert_ne!(Reason(code).words(), unknown, "{code:#x}");
        assert_eq!(Reason(code).is_interrupt(), (0x20..0x30).contains(&code));
    }
    assert_eq!(Reason(0).words(), unknown);
}
