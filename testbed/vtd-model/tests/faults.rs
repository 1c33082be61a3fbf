// SPDX-License-Identifier: BSD-2-Clause
//! Faults: recorded, decoded, dropped, announced; and devices that cause them put away.

mod common;

use common::{device, expect_clean, start};
use vtd::{Access, ApicId, Fault, Iova, Request, Rights, Vector};
use vtd_model::Options;

#[test]
fn a_fault_tells_who_did_what_and_why() {
    let (board, mut driver) = start(&[Options {
        fault_records: 4,
        ..Options::default()
    }]);
    let vf = device(0, 0x13, 2);
    let mut domain = driver.create_domain(0, 48).unwrap();
    driver.attach(vf, &mut domain).unwrap();
    driver
        .map(
            &mut domain,
            Iova(0x4000),
            vtd::Hpa(0x4000),
            0x1000,
            Rights::Read,
        )
        .unwrap();
    let (stranger, far) = (device(0, 3, 0), device(7, 0, 1));
    let cases = [
        (vf, 0x0dea_d123, 0x0dea_d000, Access::Read, 6),
        (vf, 0x4008, 0x4000, Access::Write, 5),
        (stranger, 0, 0, Access::Write, 2),
        (far, 0x1000, 0x1000, Access::Read, 1),
        (vf, 1 << 48, 1 << 48, Access::Read, 4),
    ];
    for (source, at, page, access, reason) in cases {
        let write = access == Access::Write;
        assert!(board.dma(0, source.0, at, write).is_err());
        let request = Request::Dma(Iova(page), access);
        let fault = Fault {
            source,
            request,
            reason,
        };
        assert_eq!(driver.take_fault(), Some((0, fault)));
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
                    reason: 1,
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
    driver.units_mut()[0].enable_fault_event(Vector(0x41), ApicId(0x103));
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
    let mut domain = driver.create_domain(0, 48).unwrap();
    driver
        .map(
            &mut domain,
            Iova(0),
            vtd::Hpa(0x1000),
            0x1000,
            Rights::ReadWrite,
        )
        .unwrap();
    driver.attach(vf, &mut domain).unwrap();
    driver.attach(other, &mut domain).unwrap();
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

    driver.detach(vf, &mut domain).unwrap();
    assert_eq!(board.dma(0, vf.0, 0, true), Err(2));
    assert!(driver.take_fault().is_some(), "faults are recorded again");
    driver.attach(vf, &mut domain).unwrap();
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
