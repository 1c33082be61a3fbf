// SPDX-License-Identifier: BSD-2-Clause
//! The invalidation queue in trouble.

mod common;

use common::{Driver, device, expect_clean, start};
use vtd::{Domain, Error, Hpa, Iova, QueueCounters, Rights};
use vtd_model::{Board, Options, QueueFault};

const VF: u16 = 8;

/// A device with a page that it has used.
fn granted(options: Options) -> (Board, Driver, Domain) {
    let (board, mut driver) = start(&[options]);
    let mut domain = driver.create_domain(0, 48).unwrap();
    driver.attach(device(0, 1, 0), &mut domain).unwrap();
    driver
        .map(&mut domain, Iova(0x1000), Hpa(0x1000), 0x1000, Rights::Read)
        .unwrap();
    assert_eq!(board.dma(0, VF, 0x1000, false), Ok(0x1000));
    (board, driver, domain)
}

fn counters(driver: &Driver) -> QueueCounters {
    driver.units()[0].queue_counters()
}

#[test]
fn time_outs_and_wrong_completions_are_repeated_until_it_is_done() {
    for latency in [0, 3] {
        for fault in [QueueFault::Timeout, QueueFault::WrongCompletion] {
            for after in 0..2 {
                let options = Options {
                    latency,
                    ..Options::default()
                };
                let (board, mut driver, mut domain) = granted(options);
                board.inject(0, fault, after);
                driver.unmap(&mut domain, Iova(0x1000), 0x1000).unwrap();
                assert_eq!(
                    board.dma(0, VF, 0x1000, false),
                    Err(6),
                    "{fault:?} after {after}"
                );
                let counters = counters(&driver);
                let seen = if fault == QueueFault::Timeout {
                    counters.timeouts
                } else {
                    counters.wrong
                };
                assert_eq!(seen, 1, "{counters:?}");
                expect_clean(&board);
            }
        }
    }
}

#[test]
fn a_revocation_that_fails_for_good_is_told_and_made_good_later() {
    let (board, mut driver, mut domain) = granted(Options::default());
    // The driver tries three times; each time it clears an error, the next one comes.
    for _ in 0..4 {
        board.inject(0, QueueFault::Timeout, 0);
    }
    let result = driver.unmap(&mut domain, Iova(0x1000), 0x1000);
    assert_eq!(result, Err(Error::InvalidationFailed));
    assert_eq!(
        board.dma(0, VF, 0x1000, false),
        Ok(0x1000),
        "it is cached: the memory is not free"
    );
    driver.settle(&mut domain).unwrap();
    assert_eq!(board.dma(0, VF, 0x1000, false), Err(6));
    driver.settle(&mut domain).unwrap();
    expect_clean(&board);
}

#[test]
fn nothing_new_is_granted_before_an_old_revocation_is_made_good() {
    let (board, mut driver, mut domain) = granted(Options {
        eager: true,
        ..Options::default()
    });
    board.inject(0, QueueFault::Refused, 0);
    let result = driver.unmap(&mut domain, Iova(0x1000), 0x1000);
    assert!(matches!(result, Err(Error::BadDescriptor(_))), "{result:?}");
    driver
        .map(&mut domain, Iova(0x1000), Hpa(0x5000), 0x1000, Rights::Read)
        .unwrap();
    assert_eq!(board.dma(0, VF, 0x1000, false), Ok(0x5000));
    assert_eq!(counters(&driver).refused, 1);
    expect_clean(&board);
}

#[test]
fn a_refused_descriptor_is_replaced_and_the_queue_goes_on() {
    for (latency, after) in [(0, 0), (0, 1), (0, 2), (4, 0), (4, 1), (4, 2)] {
        let options = Options {
            latency,
            ..Options::default()
        };
        let (board, mut driver, mut domain) = granted(options);
        board.inject(0, QueueFault::Refused, after);
        let result = driver.detach(device(0, 1, 0), &mut domain);
        assert!(matches!(result, Err(Error::BadDescriptor(_))), "{result:?}");
        assert_eq!(
            driver.domain_of(0, device(0, 1, 0)),
            Some(domain.id()),
            "still its device"
        );
        driver.detach(device(0, 1, 0), &mut domain).unwrap();
        driver.destroy_domain(&mut Some(domain)).unwrap();
        expect_clean(&board);
    }
}

#[test]
fn a_queue_that_stands_still_is_told_and_may_go_on() {
    let (board, mut driver, mut domain) = granted(Options::default());
    board.halt_queue(0, true);
    let vf = device(0, 1, 0);
    let result = driver.unmap(&mut domain, Iova(0x1000), 0x1000);
    assert_eq!(result, Err(Error::QueueStalled));
    assert_eq!(driver.detach(vf, &mut domain), Err(Error::QueueStalled));
    assert_eq!(
        driver.attach(device(0, 2, 0), &mut domain),
        Err(Error::QueueStalled)
    );
    let result = driver.map(&mut domain, Iova(0x8000), Hpa(0), 0x1000, Rights::Read);
    assert_eq!(
        result,
        Err(Error::QueueStalled),
        "nothing is granted meanwhile"
    );
    board.halt_queue(0, false);
    driver.detach(vf, &mut domain).unwrap();
    driver.destroy_domain(&mut Some(domain)).unwrap();
    expect_clean(&board);
}

#[test]
fn a_full_queue_is_waited_for() {
    let (board, mut driver, mut domain) = granted(Options::default());
    board.halt_queue(0, true);
    // Each attempt leaves its descriptors in the ring of 256.
    for _ in 0..128 {
        let result = driver.quarantine(0, device(0, 2, 0), false);
        assert_eq!(result, Err(Error::QueueStalled));
    }
    assert!(counters(&driver).full > 0, "{:?}", counters(&driver));
    board.halt_queue(0, false);
    driver.unmap(&mut domain, Iova(0x1000), 0x1000).unwrap();
    assert_eq!(board.dma(0, VF, 0x1000, false), Err(6));
    expect_clean(&board);
}
