// SPDX-License-Identifier: BSD-2-Clause
//! Grants of memory: what a device reaches, what it does not reach any more, and what that costs.

mod common;

use common::{Driver, config, device, expect_clean, start, start_with};
use vtd::{DomainId, Error, Hpa, Iova, Rights};
use vtd_model::{Board, Options};

const LARGE: u64 = 2 << 20;
const GIGA: u64 = 1 << 30;

#[test]
fn nothing_passes_before_it_is_granted() {
    let (board, driver) = start(&[Options::default()]);
    assert_eq!(
        board.dma(0, 0x98, 0x1000, false),
        Err(1),
        "no context table"
    );
    assert_eq!(driver.domain_of(0, device(0, 0x13, 0)), None);
    assert_eq!(driver.domains(), 0);
    expect_clean(&board);
}

#[test]
fn a_device_reaches_its_grant_with_its_rights_and_nothing_else() {
    let (board, mut driver) = start(&[Options::default()]);
    let vf = device(0, 0x13, 0);
    let mut domain = driver.create_domain(0, 48).unwrap();
    let grants = [
        (0x1000, 0x8000, 0x2000, Rights::Read),
        (0x5000, 0x1_0000, 0x1000, Rights::ReadWrite),
        (0x6000, 0x2_0000, 0x1000, Rights::Write),
    ];
    for (at, host, bytes, rights) in grants {
        driver
            .map(&mut domain, Iova(at), Hpa(host), bytes, rights)
            .unwrap();
    }
    driver.attach(vf, &mut domain).unwrap();
    assert_eq!(driver.domain_of(0, vf), Some(domain.id()));
    let cases = [
        (0x1000, Ok(0x8000), Err(5)),
        (0x2ff8, Ok(0x9ff8), Err(5)),
        (0x3000, Err(6), Err(5)),
        (0x5008, Ok(0x1_0008), Ok(0x1_0008)),
        (0x6000, Err(6), Ok(0x2_0000)),
        (1 << 48, Err(4), Err(4)),
    ];
    for (at, read, write) in cases {
        assert_eq!(board.dma(0, vf.0, at, false), read, "read of {at:#x}");
        assert_eq!(board.dma(0, vf.0, at, true), write, "write to {at:#x}");
    }
    assert_eq!(
        board.dma(0, vf.0 + 1, 0x1000, false),
        Err(2),
        "its neighbour has no grant"
    );
    expect_clean(&board);

    driver.unmap(&mut domain, Iova(0x1000), 0x2000).unwrap();
    expect_clean(&board);
    assert_eq!(board.dma(0, vf.0, 0x1000, false), Err(6));
    assert_eq!(board.dma(0, vf.0, 0x5000, false), Ok(0x1_0000));
    driver.detach(vf, &mut domain).unwrap();
    assert_eq!(board.dma(0, vf.0, 0x5000, false), Err(2));
    driver.destroy_domain(&mut Some(domain)).unwrap();
    expect_clean(&board);
}

#[test]
fn impossible_grants_are_refused_and_change_nothing() {
    let (board, mut driver) = start(&[Options::default()]);
    let mut domain = driver.create_domain(0, 48).unwrap();
    driver
        .map(&mut domain, Iova(0x4000), Hpa(0), 0x2000, Rights::Read)
        .unwrap();
    let before = board.pages_in_use();
    let cases = [
        (0x1001, 0, 0x1000, Error::Unaligned),
        (0x1000, 0, 0, Error::Unaligned),
        (0x1000, 0, 0x1800, Error::Unaligned),
        (0x1000, 0x10, 0x1000, Error::Unaligned),
        (!0xfff, 0, 0x1000, Error::Unaligned),
        (0x1000, !0xfff, 0x1000, Error::Unaligned),
        (1 << 48, 0, 0x1000, Error::IovaRange(Iova(1 << 48))),
        (
            (1 << 48) - 0x1000,
            0,
            0x2000,
            Error::IovaRange(Iova((1 << 48) - 0x1000)),
        ),
        (0xfee0_0000, 0, 0x1000, Error::IovaRange(Iova(0xfee0_0000))),
        (0xfedf_f000, 0, 0x2000, Error::IovaRange(Iova(0xfedf_f000))),
        (0xfeef_f000, 0, 0x1000, Error::IovaRange(Iova(0xfeef_f000))),
        (
            0x1000,
            0xfee0_0000,
            0x1000,
            Error::HpaRange(Hpa(0xfee0_0000)),
        ),
        (0x1000, 1 << 46, 0x1000, Error::HpaRange(Hpa(1 << 46))),
        (
            0x1000,
            (1 << 46) - 0x1000,
            0x2000,
            Error::HpaRange(Hpa((1 << 46) - 0x1000)),
        ),
        (0x3000, 0, 0x2000, Error::Overlap(Iova(0x4000))),
        (0x5000, 0, 0x2000, Error::Overlap(Iova(0x5000))),
        (0, 0, GIGA, Error::Overlap(Iova(0x4000))),
    ];
    for (at, host, bytes, error) in cases {
        let result = driver.map(&mut domain, Iova(at), Hpa(host), bytes, Rights::Read);
        assert_eq!(result, Err(error), "{at:#x} to {host:#x}");
        assert_eq!(board.pages_in_use(), before, "{error}");
    }
    driver
        .map(
            &mut domain,
            Iova(0xfef0_0000),
            Hpa(0xfef0_0000),
            0x1000,
            Rights::Read,
        )
        .unwrap();
    expect_clean(&board);
}

/// Words written and batches run by an action.
fn cost(driver: &mut Driver, action: impl FnOnce(&mut Driver)) -> (u64, u64) {
    let before = (
        driver.memory().writes,
        driver.units()[0].queue_counters().batches,
    );
    action(driver);
    let after = (
        driver.memory().writes,
        driver.units()[0].queue_counters().batches,
    );
    (after.0 - before.0, after.1 - before.1)
}

#[test]
fn pages_are_as_large_as_alignment_and_hardware_allow() {
    let large = Options {
        mega: true,
        giga: true,
        ..Options::default()
    };
    let medium = Options {
        giga: false,
        ..large
    };
    let small = Options {
        mega: false,
        giga: false,
        ..large
    };
    // Leaves, and the entries that lead to their tables (4 levels, nothing there before).
    let cases = [
        (large, 0, 0, GIGA, 1 + 1),
        (large, GIGA, 5 * GIGA, 2 * GIGA, 2 + 1),
        (large, 0, LARGE, GIGA, 512 + 2),
        (large, 0, 0x1000, LARGE, 512 + 3),
        (medium, 0, 0, GIGA, 512 + 2),
        (small, 0, 0, 2 * LARGE, 1024 + 4),
        // A page before, a large page, a page behind.
        (
            large,
            LARGE - 0x1000,
            4 * LARGE - 0x1000,
            LARGE + 0x2000,
            3 + 4,
        ),
        // The same for gigabytes: 2 MiB on both sides.
        (
            large,
            GIGA - LARGE,
            8 * GIGA - LARGE,
            GIGA + 2 * LARGE,
            3 + 3,
        ),
    ];
    for (options, at, host, bytes, writes) in cases {
        let (board, mut driver) = start(&[options]);
        let vf = device(0, 3, 0);
        let mut domain = driver.create_domain(0, 48).unwrap();
        driver.attach(vf, &mut domain).unwrap();
        let spent = cost(&mut driver, |driver| {
            driver
                .map(&mut domain, Iova(at), Hpa(host), bytes, Rights::ReadWrite)
                .unwrap();
        });
        assert_eq!(spent, (writes, 0), "{bytes:#x} at {at:#x} to {host:#x}");
        for offset in [0, 0x1000, bytes / 2, bytes - 8] {
            let result = board.dma(0, vf.0, at + offset, true);
            assert_eq!(result, Ok(host + offset), "{at:#x} + {offset:#x}");
        }
        assert_eq!(board.dma(0, vf.0, at + bytes, true), Err(5));
        let spent = cost(&mut driver, |driver| {
            driver.unmap(&mut domain, Iova(at), bytes).unwrap();
        });
        assert_eq!(spent.1, 1, "one batch revokes {bytes:#x} at {at:#x}");
        assert_eq!(board.dma(0, vf.0, at, true), Err(5));
        expect_clean(&board);
    }
}

#[test]
fn a_part_of_a_larger_page_cannot_be_revoked() {
    let (board, mut driver) = start(&[Options::default()]);
    let mut domain = driver.create_domain(0, 48).unwrap();
    driver.attach(device(0, 3, 0), &mut domain).unwrap();
    driver
        .map(&mut domain, Iova(0), Hpa(0), 2 * LARGE, Rights::Read)
        .unwrap();
    let cases = [
        (0x1000, LARGE - 0x1000, 0x1000),
        (0, 0x1000, 0x1000),
        (0, LARGE + 0x1000, LARGE + 0x1000),
    ];
    for (at, bytes, edge) in cases {
        let result = driver.unmap(&mut domain, Iova(at), bytes);
        assert_eq!(
            result,
            Err(Error::SplitsPage(Iova(edge))),
            "{at:#x} {bytes:#x}"
        );
    }
    assert_eq!(board.dma(0, 3 << 3, LARGE - 8, false), Ok(LARGE - 8));
    driver.unmap(&mut domain, Iova(0), LARGE).unwrap();
    assert_eq!(board.dma(0, 3 << 3, LARGE - 8, false), Err(6));
    assert_eq!(board.dma(0, 3 << 3, LARGE, false), Ok(LARGE));
    // Where nothing is, nothing is revoked.
    driver
        .unmap(&mut domain, Iova(4 * GIGA), 16 * GIGA)
        .unwrap();
    expect_clean(&board);
}

#[test]
fn a_revoked_address_is_closed_when_the_call_returns() {
    for latency in [0, 5] {
        let (board, mut driver) = start(&[Options {
            latency,
            eager: true,
            ..Options::default()
        }]);
        let vf = device(0, 0x13, 0);
        let mut domain = driver.create_domain(0, 48).unwrap();
        driver.attach(vf, &mut domain).unwrap();
        for round in 0..10_000_u64 {
            let (at, bytes) = ((round % 7) << 12, (1 + round % 3) << 12);
            driver
                .map(
                    &mut domain,
                    Iova(at),
                    Hpa(round << 12),
                    bytes,
                    Rights::ReadWrite,
                )
                .unwrap();
            assert_eq!(board.dma(0, vf.0, at, true), Ok(round << 12));
            driver.unmap(&mut domain, Iova(at), bytes).unwrap();
            assert_eq!(board.dma(0, vf.0, at, true), Err(5), "round {round}");
        }
        expect_clean(&board);
    }
}

#[test]
fn a_thousand_owners_of_a_device_leave_nothing_behind() {
    let (board, mut driver) = start(&[Options::default()]);
    let vf = device(1, 0x10, 0);
    let mut after_first = None;
    for round in 0..1000 {
        let mut domain = driver.create_domain(0, 48).unwrap();
        driver
            .map(
                &mut domain,
                Iova(0x1000),
                Hpa(round << 21),
                5 * LARGE,
                Rights::Read,
            )
            .unwrap();
        driver.attach(vf, &mut domain).unwrap();
        assert_eq!(board.dma(0, vf.0, 0x1000, false), Ok(round << 21));
        driver.detach(vf, &mut domain).unwrap();
        driver.destroy_domain(&mut Some(domain)).unwrap();
        let pages = board.pages_in_use();
        assert_eq!(*after_first.get_or_insert(pages), pages, "round {round}");
    }
    assert_eq!(
        (driver.domains(), driver.interrupts_bound(|_| true)),
        (0, 0)
    );
    expect_clean(&board);
}

#[test]
fn domains_keep_devices_apart_and_together() {
    let (board, mut driver) = start(
        &[Options {
            eager: true,
            ..Options::default()
        }; 2],
    );
    let mut one = driver.create_domain(0, 48).unwrap();
    let mut two = driver.create_domain(0, 48).unwrap();
    let (a, b, c) = (device(0, 1, 0), device(0, 2, 0), device(3, 0, 0));
    driver.attach(a, &mut one).unwrap();
    driver.attach(b, &mut one).unwrap();
    driver.attach(c, &mut two).unwrap();
    driver
        .map(&mut one, Iova(0x1000), Hpa(0xa000), 0x1000, Rights::Read)
        .unwrap();
    driver
        .map(&mut two, Iova(0x1000), Hpa(0xc000), 0x1000, Rights::Read)
        .unwrap();
    assert_eq!(board.dma(0, a.0, 0x1000, false), Ok(0xa000));
    assert_eq!(board.dma(0, b.0, 0x1000, false), Ok(0xa000));
    assert_eq!(board.dma(0, c.0, 0x1000, false), Ok(0xc000));
    let behind_the_other = board.dma(1, a.0, 0x1000, false);
    assert_eq!(behind_the_other, Err(1));
    // The same requester id behind the other unit is another device.
    let mut other = driver.create_domain(1, 48).unwrap();
    driver.attach(a, &mut other).unwrap();
    assert_eq!(board.dma(1, a.0, 0x1000, false), Err(6));
    assert_eq!(
        (driver.domain_of(1, a), other.devices()),
        (Some(other.id()), 1)
    );

    assert_eq!(
        driver.attach(a, &mut two),
        Err(Error::Attached(a, one.id()))
    );
    assert_eq!(driver.detach(a, &mut two), Err(Error::NotAttached(a)));
    assert!(matches!(driver.create_domain(2, 48), Err(Error::NoSuch)));
    driver.unmap(&mut one, Iova(0x1000), 0x1000).unwrap();
    assert_eq!(board.dma(0, a.0, 0x1000, false), Err(6));
    assert_eq!(board.dma(0, b.0, 0x1000, false), Err(6));
    assert_eq!(board.dma(0, c.0, 0x1000, false), Ok(0xc000));
    let in_use = Err(Error::DomainInUse(one.id()));
    let mut place = Some(one);
    assert_eq!(driver.destroy_domain(&mut place), in_use);
    assert_eq!(place.unwrap().devices(), 2);
    assert_eq!(driver.destroy_domain(&mut None), Ok(()));
    expect_clean(&board);
}

#[test]
fn memory_that_runs_out_leaves_no_half_grant() {
    let board = Board::new(
        12,
        &[Options {
            mega: false,
            giga: false,
            ..Options::default()
        }],
    );
    let mut driver = start_with(&board, 1, config()).unwrap();
    let mut domain = driver.create_domain(0, 48).unwrap();
    driver.attach(device(0, 1, 0), &mut domain).unwrap();
    let before = board.pages_in_use();
    let result = driver.map(&mut domain, Iova(0), Hpa(0), 32 * LARGE, Rights::Read);
    assert_eq!(result, Err(Error::OutOfMemory));
    assert_eq!(board.pages_in_use(), before);
    assert_eq!(board.dma(0, 8, 0, false), Err(6));
    driver
        .map(&mut domain, Iova(0), Hpa(0), 2 * LARGE, Rights::Read)
        .unwrap();
    assert_eq!(board.dma(0, 8, 0x1000, false), Ok(0x1000));
    while board.allocate(1).is_some() {}
    assert!(matches!(
        driver.create_domain(0, 48),
        Err(Error::OutOfMemory)
    ));
    assert_eq!(
        driver.attach(device(9, 0, 0), &mut domain),
        Err(Error::OutOfMemory)
    );
    assert_eq!(driver.domains(), 1);
    expect_clean(&board);
}

#[test]
fn domain_ids_end_and_come_back() {
    let (_, mut driver) = start(&[Options {
        nd: 0,
        ..Options::default()
    }]);
    let mut domains: Vec<_> = (1..16)
        .map(|_| driver.create_domain(0, 48).unwrap())
        .collect();
    assert!(matches!(driver.create_domain(0, 48), Err(Error::OutOfIds)));
    let mut five = Some(domains.remove(4));
    driver.destroy_domain(&mut five).unwrap();
    assert!(five.is_none());
    assert_eq!(driver.create_domain(0, 48).unwrap().id(), DomainId(5));
}

#[test]
fn tables_have_the_levels_that_are_needed_and_supported() {
    let three = Options {
        four_levels: false,
        address_bits: 39,
        ..Options::default()
    };
    let four = Options {
        three_levels: false,
        ..Options::default()
    };
    let narrow = Options {
        address_bits: 46,
        ..Options::default()
    };
    for (options, asked, bits) in [
        (Options::default(), 39, Some(39)),
        (Options::default(), 40, Some(48)),
        (three, 39, Some(39)),
        (three, 40, None),
        (four, 39, Some(48)),
        (narrow, 48, Some(46)),
    ] {
        let (board, mut driver) = start(&[options]);
        let domain = driver.create_domain(0, asked);
        assert_eq!(
            domain.as_ref().ok().map(|domain| domain.address_bits()),
            bits
        );
        let Ok(mut domain) = domain else { continue };
        let at = (1 << domain.address_bits()) - 0x1000;
        driver
            .map(&mut domain, Iova(at), Hpa(0x5000), 0x1000, Rights::Read)
            .unwrap();
        driver.attach(device(0, 1, 0), &mut domain).unwrap();
        assert_eq!(board.dma(0, 8, at, false), Ok(0x5000));
        expect_clean(&board);
    }
}
