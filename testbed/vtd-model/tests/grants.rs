// SPDX-License-Identifier: BSD-2-Clause
//! Grants of memory: what a device reaches, and what it does not reach any more.

mod common;

use common::{device, expect_clean, start};
use vtd::{Hpa, Iova, Rights};
use vtd_model::Options;

#[test]
fn nothing_passes_before_it_is_granted() {
    let (board, driver) = start(&[Options::default()]);
    assert_eq!(
        board.dma(0, 0x98, 0x1000, false),
        Err(1),
        "no context table"
    );
    assert_eq!(driver.domain_of(0, device(0, 0x13, 0)), None);
    expect_clean(&board);
}

#[test]
fn a_device_reaches_its_grant_with_its_rights_and_nothing_else() {
    let (board, mut driver) = start(&[Options::default()]);
    let vf = device(0, 0x13, 0);
    let mut domain = driver.create_domain(48).unwrap();
    driver
        .map(&mut domain, Iova(0x1000), Hpa(0x8000), 0x2000, Rights::Read)
        .unwrap();
    driver
        .map(
            &mut domain,
            Iova(0x5000),
            Hpa(0x1_0000),
            0x1000,
            Rights::ReadWrite,
        )
        .unwrap();
    driver
        .map(
            &mut domain,
            Iova(0x6000),
            Hpa(0x2_0000),
            0x1000,
            Rights::Write,
        )
        .unwrap();
    driver.attach(0, vf, &mut domain).unwrap();
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
    driver.detach(0, vf, &mut domain).unwrap();
    assert_eq!(board.dma(0, vf.0, 0x5000, false), Err(2));
    driver.destroy_domain(domain).unwrap();
    expect_clean(&board);
}
